import type { Document, Telling } from '../../../src/model/document.ts';
import type { FleetPlan } from '../../../src/model/fleet/ports.ts';
import type { Plan } from '../../../src/model/plan.ts';
import type { RunState } from '../../../src/model/state.ts';
import { drawJson } from '../../../src/views/draw/json.ts';
import { drawMarkdown } from '../../../src/views/draw/markdown.ts';
import type { Paper, PaperAsked } from '../../../src/views/draw/style.ts';
import { drawLines, drawTerminal, drawText } from '../../../src/views/draw/terminal.ts';
import { tellDoctor } from '../../../src/views/tell/doctor.ts';
import { tellEnd } from '../../../src/views/tell/end.ts';
import { type ReviewWords, tellReview } from '../../../src/views/tell/fleet/plan.ts';
import { type FleetReported, tellFleetReport } from '../../../src/views/tell/fleet/report.ts';
import { tellLeft } from '../../../src/views/tell/left.ts';
import { type PlanWords, tellPlan } from '../../../src/views/tell/plan.ts';
import { type Reported, tellReport } from '../../../src/views/tell/report.ts';
import { measuredOf } from '../../../src/views/tell/watched.ts';

/** What the commands print: told, and drawn. */
export const renderPlan = (plan: Plan, look: PaperAsked & PlanWords = {}): string =>
  drawTerminal(tellPlan(plan, look), look);
export const planMarkdown = (plan: Plan, words: PlanWords = {}): string => drawMarkdown(tellPlan(plan, words));
export const renderFleetPlan = (review: FleetPlan, look: PaperAsked & ReviewWords): string =>
  drawTerminal(tellReview(review, look), look);
export const fleetPlanMarkdown = (review: FleetPlan, words: ReviewWords): string =>
  drawMarkdown(tellReview(review, words));
export const renderSummary = (state: RunState, paper: Paper): readonly string[] => drawLines(tellEnd(state), paper);
export const tellingOf = (document: Document): Telling => ({ document: () => document, record: () => document });
export const reportMarkdown = (reported: Reported): string => drawMarkdown(tellReport(reported));
export const reportJson = (reported: Reported): string => drawJson(tellReport(reported));
export const fleetReportMarkdown = (reported: FleetReported): string => drawMarkdown(tellFleetReport(reported));
export const fleetReportJson = (reported: FleetReported): string => drawJson(tellFleetReport(reported));
export const renderLeft = (state: RunState, plan: Plan | null, paper: Paper): readonly string[] =>
  drawLines(tellLeft(state, plan), paper);
export const doctorText = (checks: Parameters<typeof tellDoctor>[0], paper: Paper): string =>
  drawText(tellDoctor(checks), paper);
export const seriesLines = (samples: Parameters<typeof measuredOf>[0], paper: Paper): readonly string[] =>
  drawLines([{ kind: 'measures', of: measuredOf(samples) }], paper);
