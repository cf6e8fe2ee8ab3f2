import { useState } from 'react';
import type { DashboardState, ValidatorRow } from '../../shared/state.ts';
import { gweiEth, whole } from '../format.ts';
import { Empty, Panel } from '../parts/Panel.tsx';
import { ValidatorDetails } from './ValidatorDetails.tsx';
import { SHOWN_STATES, shownState } from './validatorState.ts';

/** Every validator, by state; one opens its details. */
export function ValidatorsPanel(props: {
  readonly state: DashboardState;
  readonly selected: number | null;
  readonly onSelect: (ordinal: number | null) => void;
}) {
  const { validators, operators, devnet } = props.state;
  const [hovered, setHovered] = useState<number | null>(null);
  const faulty = new Set(devnet?.faults.map(({ pubkey }) => pubkey.toLowerCase()));
  const shown = validators.find(({ ordinal }) => ordinal === (props.selected ?? hovered));
  const note = hovered === null && props.selected === null ? 'Point at one, or choose it to keep it' : '';
  return (
    <Panel title="Validators" area="validators" note={validators.length > 0 ? note : ''}>
      {validators.length === 0 ? (
        <Empty>None yet. A validator appears when its operator deposits 1 ETH of its own.</Empty>
      ) : (
        <div className="grid-and-details">
          <div className="states">
            {SHOWN_STATES.map(([state, name, hint]) => {
              const here = validators.filter((validator) => shownState(validator) === state);
              return (
                <fieldset className={here.length === 0 ? 'state-row none' : 'state-row'} key={state}>
                  <legend title={hint}>
                    <span className={`swatch state-${state}`} aria-hidden="true" />
                    {name}
                    <span className="num count" data-testid={`count-${state}`}>
                      {whole(here.length)}
                    </span>
                  </legend>
                  <div className="cells">
                    {here.map((validator) => (
                      <Cell
                        key={validator.ordinal}
                        validator={validator}
                        faulty={faulty.has(validator.pubkey.toLowerCase())}
                        chosen={props.selected === validator.ordinal}
                        onHover={setHovered}
                        onSelect={props.onSelect}
                      />
                    ))}
                  </div>
                </fieldset>
              );
            })}
          </div>
          <ValidatorDetails
            validator={shown ?? null}
            operator={operators.find(({ id }) => id === shown?.operatorId) ?? null}
            state={props.state}
          />
        </div>
      )}
    </Panel>
  );
}

function Cell(props: {
  readonly validator: ValidatorRow;
  readonly faulty: boolean;
  readonly chosen: boolean;
  readonly onHover: (ordinal: number | null) => void;
  readonly onSelect: (ordinal: number | null) => void;
}) {
  const { validator, chosen, onHover, onSelect } = props;
  const { ordinal, index, provenGwei, operatorId } = validator;
  const state = shownState(validator);
  const name = index === null ? `Key ${ordinal}` : `Validator ${index}`;
  const label = `${name}, operator ${operatorId}, ${state}, ${gweiEth(provenGwei)} ETH proven${props.faulty ? ', fault injected' : ''}`;
  return (
    <button
      type="button"
      className={`cell state-${state}${props.faulty ? ' faulty' : ''}`}
      title={label}
      aria-label={label}
      aria-pressed={chosen}
      onMouseEnter={() => onHover(ordinal)}
      onMouseLeave={() => onHover(null)}
      onFocus={() => onHover(ordinal)}
      onBlur={() => onHover(null)}
      onClick={() => onSelect(chosen ? null : ordinal)}
    >
      {operatorId}
    </button>
  );
}
