-- What to write instead of what is not in this program: a line at the place that needs it.

local kit = ...

local find, match, sub = string.find, string.match, string.sub

local COMMAND <const> = "use cmd with the tool's own command"
local PARALLEL <const> = "tasks run one after the other; what is to run at once is one command, or a task with several hosts"
local NOTHING <const> = "there is nothing like it"

-- By the name of a module.
local MODULES <const> = {
  io = "read and write files with file.read and file.write, and run commands with cmd",
  debug = "run with --debug for tracebacks",
  goroutine = PARALLEL, go = PARALLEL, async = PARALLEL, parallel = PARALLEL, chain = PARALLEL, perf = NOTHING, core = NOTHING,
  watcher = "look at what changes with `sloth-runner drift` or run --check, from cron or a systemd timer",
  event = "call what is to happen from the task itself", hook = "call what is to happen from the task itself",
  register = "call what is to happen from the task itself",
  incus = COMMAND, docker = COMMAND, kubernetes = COMMAND, helm = COMMAND, terraform = COMMAND, pulumi = COMMAND, aws = COMMAND,
  gcp = COMMAND, azure = COMMAND, digitalocean = COMMAND, lvm = COMMAND, raid = COMMAND, sysctl = COMMAND, nfs = COMMAND,
  smb = COMMAND, nixos = COMMAND, firewall = COMMAND, frp = COMMAND, git = COMMAND, salt = COMMAND, python = COMMAND,
  db = COMMAND, database = COMMAND, gitops = COMMAND, ai = NOTHING, metrics = NOTHING, reliability = "use :retries(N, delay)",
  circuit = "use :retries(N, delay)", saga = "use state.transaction", observability = NOTHING, security = NOTHING,
  stow = "use file.link, or file.tree", cron = "write the crontab with file.write, or use cmd with crontab",
  http = "use cmd with curl", net = "use cmd with curl", network = COMMAND, notification = "use cmd with curl",
  notifications = "use cmd with curl", ssh = "use delegate_to, of the task or of cmd", agent = "use delegate_to, and hosts of config.toml",
  facts = "ask the host with cmd, such as cmd(\"uname -s\").stdout", infra_test = "use cmd({command = ..., check = true}), which fails",
  group = "use workflow.define(NAME)",
  secrets = "give them with --values, from a file that only you can read", sloth = "call sloth-runner with cmd",
  time = "use os.time and os.date", strings = "use string", validate = "use assert", workdir = "use :workdir(path), and this.workdir",
  session = "use state", queue = "use state", utils = "use values, os.getenv and state", resource = NOTHING, when = "use :run_if(function)",
  import = "use require, for a file beside this one", docker_compose = COMMAND, backup = "use sloth-runner state backup",
}

-- By the name of a field whose value is nil.
local FIELDS <const> = {
  execute = "os.execute is not in this program; use cmd({command = ..., check = false})",
  popen = "io.popen is not in this program; use cmd(...).stdout",
  exit = "os.exit is not in this program; return false and why",
  remove = "os.remove is not in this program; use file.absent(path)",
  rename = "os.rename is not in this program; use cmd with mv",
  tmpname = "os.tmpname is not in this program; use cmd(\"mktemp\").stdout",
  getn = "use the operator #", maxn = "use the operator #",
}

local advice = {}

local function module_words(name)
  local instead = MODULES[name]
  return instead and "there is no module '" .. name .. "' in this program; " .. instead
end

-- A message of Lua's about a value that is nil, with what to do about it.
function advice.on_error(message)
  local name = match(message, "a nil value %(global '([%w_]+)'%)$")
  local words = name and module_words(name)
  if not name then
    local field = match(message, "attempt to call a nil value %(field '([%w_]+)'%)$")
    words = field and FIELDS[field]
  end
  return words and message .. ": " .. words or message
end

-- A message about a module that require does not find.
function advice.on_module(name, message)
  return module_words(name) or message
end

return advice
