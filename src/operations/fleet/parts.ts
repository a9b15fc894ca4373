import type { FleetAsk, FleetView } from '../../model/fleet/ports.ts';
import type { FleetState } from '../../model/fleet/state.ts';
import type { Strategy } from '../../model/fleet/strategy.ts';
import type { FleetFact, Target } from '../../model/fleet.ts';
import type { Json } from '../../model/json.ts';
import type { Journal } from '../../model/ports.ts';
import type { FleetWorld } from '../../model/world.ts';
import type { HostRequest } from '../host-life.ts';
import type { Brakes } from './brakes.ts';

/** What is asked for, of each host the same. */
export interface FleetRequest extends Omit<HostRequest, 'saved' | 'held'> {
  readonly strategy: Strategy;
  /** In the order of the run, each once. */
  readonly hosts: readonly Target[];
  readonly skipped: readonly string[];
  /** How the hosts are reached, for the journal. */
  readonly reach: Json;
  /** For the fleet's journal alone. */
  readonly fleetNotes: readonly string[];
}

/** What it is done with. */
export interface FleetParts extends FleetWorld {
  readonly journal: Journal;
  readonly views: readonly FleetView[];
  /** Present where a person decides. */
  readonly ask: FleetAsk | null;
}

/** A fleet run at work. */
export interface Fleet {
  readonly request: FleetRequest;
  readonly parts: FleetParts;
  readonly emit: (fact: FleetFact) => Promise<void>;
  readonly brakes: Brakes;
  /** One question at a time, whichever host it is of. */
  readonly ask: FleetAsk | null;
  /** The fold of its events so far. */
  readonly state: () => FleetState;
}
