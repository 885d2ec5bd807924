import type { Room } from "../texts";
import { actions } from "./actions";
import { audit } from "./audit";
import { base } from "./base";
import { batches } from "./batches";
import { bulk } from "./bulk";
import { charts } from "./charts";
import { create } from "./create";
import { palette } from "./palette";
import { help } from "./help";
import { health } from "./health";
import { detail } from "./detail";
import { errors } from "./errors";
import { fanout } from "./fanout";
import { jobs } from "./jobs";
import { landing } from "./landing";
import { limits } from "./limits";
import { list } from "./list";
import { queues } from "./queues";
import { schedules } from "./schedules";
import { shell } from "./shell";
import { signIn } from "./signIn";
import { tokens } from "./tokens";
import { usage } from "./usage";
import { webhooks } from "./webhooks";
import { why } from "./why";

export const german: Record<Room, object> = {
  base,
  actions,
  detail,
  errors,
  fanout,
  shell,
  signIn,
  health,
  help,
  palette,
  landing,
  jobs,
  list,
  queues,
  schedules,
  create,
  batches,
  bulk,
  charts,
  webhooks,
  audit,
  tokens,
  limits,
  usage,
  why,
};
