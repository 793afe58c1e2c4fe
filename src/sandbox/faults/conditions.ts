import type { Conditions } from "../message.ts";
import type { ActiveRule } from "./rule.ts";

/** What the rules that do not strike requests make of the world. */
export function conditionsOf(active: () => readonly ActiveRule[]): Conditions {
  return {
    get listOrder() {
      const found = active().find(({ fault }) => fault.kind === "condition" && fault.listOrder !== undefined);
      return found?.fault.kind === "condition" ? found.fault.listOrder : undefined;
    },
    get clockOffset() {
      let sum = 0;
      for (const { fault } of active()) if (fault.kind === "condition") sum += fault.clockOffset ?? 0;
      return sum;
    },
    visibilityDelay() {
      let most = 0;
      for (const rule of active()) {
        const { fault, random } = rule;
        if (fault.kind === "event" && fault.delay !== undefined && rule.strikes()) {
          most = Math.max(most, fault.delay(random));
        }
      }
      return most;
    },
    eventTime(now) {
      let time = now;
      for (const rule of active()) {
        const { fault } = rule;
        if (fault.kind === "event" && fault.createdAt !== undefined && rule.strikes()) time = fault.createdAt(time);
      }
      return time;
    },
  };
}
