# SPDX-License-Identifier: GPL-2.0-or-later
"""The controller's half of the module ruleset: is the gateway still reached on a new connection?"""

import time

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase

# The gateway is asked for so long behind its deadline: it then says itself that it took the change back.
GRACE_S = 30
TAKEN_BACK = 5  # exit code of jgfw confirm


class ActionModule(ActionBase):
    def run(self, tmp=None, task_vars=None):
        result = super().run(tmp, task_vars)
        try:
            result.update(self._execute_module(task_vars=task_vars))
        except AnsibleConnectionFailure as error:
            if not int(self._task.args.get("confirm") or 0):
                raise
            text = f"{error.message.strip()}; if anything was changed, it is taken back by itself"
            raise AnsibleConnectionFailure(text) from error
        answer = result.get("answer", {})
        if not result.get("failed") and answer.get("waits"):
            kept = self._confirm(answer["confirm_seconds"], task_vars)
            kept["warnings"] = result.get("warnings", []) + kept.get("warnings", [])
            result.update(kept)
        if result.get("failed"):
            result["_ansible_verbose_always"] = True  # diagnostics stand below each other, not in one line
        return result

    def _confirm(self, seconds, task_vars):
        """What becomes of a change that waits: it is kept, or the task fails."""
        kept = self._execute_anew(seconds + GRACE_S, task_vars)
        if kept.get("failed"):
            kept["changed"] = False
            if kept.get("rc") != TAKEN_BACK:
                kept["msg"] += "; the gateway takes the change back by itself"
        elif not kept["changed"]:
            kept.update(failed=True, msg="nothing waits any more: somebody else confirmed the change or took it back")
        return kept

    def _execute_anew(self, patience_s, task_vars):
        """Run the module's other half, on connections that begin now, until one comes about."""
        args = dict(self._task.args, state="confirmed")
        end = time.monotonic() + patience_s
        while True:
            try:
                self._connection.reset()
                # Alone, this fails at once; a transfer of the module would try its several ways first.
                self._low_level_execute_command("true", sudoable=False)
                return self._execute_module(module_args=args, task_vars=task_vars)
            except AnsibleConnectionFailure as error:
                failure = error.message.strip()
            if time.monotonic() > end:
                self._connection._shell.tmpdir = None  # out of reach, too
                return dict(failed=True, msg=f"the gateway is not reached on a new connection: {failure}")
            time.sleep(1)
