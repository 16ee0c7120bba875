#!/usr/bin/python
# SPDX-License-Identifier: GPL-2.0-or-later
"""The ruleset of a gateway, as jgfw makes it from a site."""

DOCUMENTATION = r"""
module: ruleset
short_description: Bring the ruleset of a site into the kernel of a gateway
version_added: 0.1.0
author: jgfw authors (!UNKNOWN)
description:
  - Expands a site with C(jgfw) and loads the ruleset into the kernel, in one transaction and only where it differs from
    what the kernel holds.
  - The table C(inet jgfw) is the only one that is touched.
  - The site is put in its file behind that. A run that is killed leaves the old ruleset or the new one, and the old file
    or the new one; the next run mends what differs.
options:
  site:
    description:
      - The site, see C(jgfw-site(5)).
      - As text, it is kept as it is, comments included, and diagnostics tell its lines. As a mapping, it is written as
        JSON, which is YAML too, and diagnostics tell the lines of that.
      - With neither I(site) nor I(src) the file at I(site_path) is taken as it is.
    type: raw
  src:
    description: A site file on the gateway, to be taken instead of I(site).
    type: path
  site_path:
    description:
      - The file on the gateway that the site is kept in.
      - The program finds it without an option at the default path only.
    type: path
    default: /etc/jgfw/site.yaml
  state:
    description:
      - With C(present) the kernel holds the ruleset of the site, for the next boot too.
      - With C(absent) the kernel holds no table of jgfw, for the next boot neither. The site file stays. The gateway then
        forwards whatever other tables let pass.
      - With C(checked) the site is valid. Nothing is changed; no privilege is needed.
      - With C(confirmed) a change that waits for confirmation is kept, and the site with it. I(confirm) does this by
        itself.
    type: str
    choices: [present, absent, checked, confirmed]
    default: present
  confirm:
    description:
      - Seconds, up to a day, in which the gateway must be reached on a new connection after the change.
      - Where it is not, it takes the change back by itself, and the task fails.
      - Without it a change is final at once.
    type: int
  verify:
    description: Prove the ruleset against the port model, and the assertions of the site, before anything is sent.
    type: bool
    default: false
  flush_flows:
    description: End established flows that the new ruleset would not let begin.
    type: bool
    default: false
  binary:
    description: The program, by its name or its path.
    type: path
    default: jgfw
  state_dir:
    description:
      - The folder of the program's state, for a network namespace that is not the machine's own.
      - The default is the program's own, C(/var/lib/jgfw) and C(/run/jgfw).
    type: path
  mode:
    description: The permissions of the site file, where the task writes it; text such as C("0640").
    type: raw
    default: "0600"
  owner:
    description: The user that the site file then belongs to.
    type: str
  group:
    description: The group that the site file then belongs to.
    type: str
extends_documentation_fragment:
  - action_common_attributes
  - action_common_attributes.flow
attributes:
  action:
    support: full
  async:
    support: none
  bypass_host_loop:
    support: none
  check_mode:
    support: full
    details: The kernel judges the very change and does not make it.
  diff_mode:
    support: full
    details: The change of the kernel in nft's words, and that of the site file.
  platform:
    support: full
    platforms: linux
notes:
  - Needs root, but for I(state=checked); use C(become).
  - With I(confirm) the connection must be one that Ansible can reset, such as C(ssh).
seealso:
  - module: ansible.builtin.systemd
"""

EXAMPLES = r"""
- name: The site of this gateway, taken back in a minute if it cannot be reached any more
  jgfw.gateway.ruleset:
    site: "{{ lookup('ansible.builtin.template', 'site.yaml.j2') }}"
    confirm: 60

- name: The same as a mapping
  jgfw.gateway.ruleset:
    site:
      version: 1
      gateway:
        zones: {wan: eth0, outward: eth1, inward: eth2, lan: [eth3, eth4]}
      deployments:
        - name: hq
          profile: dual-medium
          edge: [{name: e1, public: 203.0.113.10, outward: 192.0.2.10, inward: 192.0.2.74}]
          core: [10.10.0.20, 10.10.0.21]
          guest: [10.10.0.30]

- name: What the kernel holds is what the site file says, whoever has changed it
  jgfw.gateway.ruleset:

- name: A site that is valid, before anything is done
  jgfw.gateway.ruleset:
    src: /root/new-site.yaml
    state: checked

- name: No ruleset, now and at boot
  jgfw.gateway.ruleset:
    state: absent
"""

RETURN = r"""
answer:
  description: The JSON object that C(jgfw) answered, see C(jgfw(8)).
  returned: when the program answered
  type: dict
  contains:
    schema:
      description: The version of its form.
      type: int
      returned: always
    changed:
      description: The kernel held something else.
      type: bool
      returned: I(state=present), I(state=absent) or I(state=confirmed)
    waits:
      description: The change waits for confirmation.
      type: bool
      returned: I(state=present)
    warnings:
      description: What is doubtful, in the form of I(answer.errors).
      type: list
      elements: dict
      returned: always
    errors:
      description: What is wrong, and where.
      type: list
      elements: dict
      returned: always
      sample: [{file: site, line: 12, column: 5, slug: unknown-key, text: unknown key of a deployment 'prots'}]
rc:
  description: The exit code of C(jgfw).
  returned: failure of the program
  type: int
  sample: 3
stderr_lines:
  description: The diagnostics for people, with the lines of the site that they speak of.
  returned: failure of the program
  type: list
  elements: str
"""

import glob
import json
import os
import tempfile

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.common.text.converters import to_bytes, to_text

# Exit codes of jgfw.
DONE = 0
NO = 1
UNDECIDED = 5


class Site:
    """The site that is wanted, and the file that it is kept in."""

    def __init__(self, module):
        self.module = module
        self.path = module.params["site_path"]
        self.name = "site"  # in diagnostics
        self.kept = None  # what the file says so far
        self.staged = None
        site, source = module.params["site"], module.params["src"]
        if site is None:
            self.name = source or self.path
            self.text = self.read(self.name)
            if self.text is None:
                module.fail_json(msg=f"there is no site file {self.name}")
        elif isinstance(site, str):
            self.text = to_bytes(site)
        else:
            self.text = to_bytes(json.dumps(site, indent=2) + "\n")

    def read(self, path):
        try:
            with open(path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None
        except OSError as error:
            self.module.fail_json(msg=f"cannot read {path}: {error.strerror}")

    def stage(self):
        """Put the text beside its place: what the disk refuses shows before the kernel is touched."""
        self.kept = self.read(self.path)
        if self.text == self.kept or self.module.check_mode:
            return
        folder, name = os.path.split(self.path)
        prefix, suffix = f".{name}.", ".jgfw"
        try:
            for leftover in glob.glob(glob.escape(os.path.join(folder, prefix)) + "*" + suffix):
                os.unlink(leftover)  # of a run that was killed
            descriptor, self.staged = tempfile.mkstemp(prefix=prefix, suffix=suffix, dir=folder)
            self.module.add_cleanup_file(self.staged)
            with os.fdopen(descriptor, "wb") as file:
                file.write(self.text)
                file.flush()
                os.fsync(descriptor)
        except OSError as error:
            self.module.fail_json(msg=f"cannot write {self.path}: {error.strerror}")
        self.set_attributes(self.staged)

    def set_attributes(self, path):
        wanted = self.module.load_file_common_arguments(self.module.params, path=path)
        return self.module.set_fs_attributes_if_different(wanted, False)

    def keep(self):
        """Bring the text to its place, in one step. Returns whether that is a change."""
        if self.name == self.path:
            return False
        if self.text == self.kept:
            return self.set_attributes(self.path)
        if self.staged:
            os.rename(self.staged, self.path)
        return True

    def diff(self):
        return {
            "before_header": self.path,
            "after_header": self.path,
            "before": to_text(self.kept or b"", errors="surrogate_or_replace"),
            "after": to_text(self.text, errors="surrogate_or_replace"),
        }


class Program:
    """jgfw, and how it is called."""

    def __init__(self, module, site=None):
        self.module = module
        self.binary = module.get_bin_path(module.params["binary"], required=True)
        self.site = site

    def run(self, command, *options, expected=(DONE,)):
        """The answer to a command; the task ends where the exit code is none of those expected."""
        argv = [self.binary, command, "--json", *options]
        data = None
        if self.module.params["state_dir"] and command != "check":
            argv += ["--state", self.module.params["state_dir"]]
        if self.site:
            argv += ["-s", "-"]
            data = self.site.text or b"\n"  # nothing would be the module's own standard input
        rc, out, err = self.module.run_command(argv, data=data, binary_data=True)
        if self.site:
            out = out.replace('"file":"<stdin>"', f'"file":{json.dumps(self.site.name)}')
            err = err.replace("<stdin>:", f"{self.site.name}:")
        answer = json.loads(out) if out.startswith("{") else {}
        if rc not in expected:
            self.fail(command, rc, answer, err)
        return answer

    def fail(self, command, rc, answer, err):
        errors = answer.get("errors", [])
        if errors:
            more = f" (and {len(errors) - 1} more)" if errors[1:] else ""
            msg = f"jgfw {command}: {place(errors[0])}{more}"
        elif command == "confirm" and rc == UNDECIDED:
            msg = "nobody confirmed the change in time: the gateway has taken it back"
        else:
            msg = err.partition("\n")[0] or f"jgfw {command}: exit code {rc}"
        self.module.fail_json(msg=msg, rc=rc, answer=answer, stderr_lines=err.splitlines())


def place(message):
    where = "{file}:{line}:{column}: ".format(**message) if message["file"] else ""
    return f"{where}{message['text']} [{message['slug']}]"


def kernel_diff(program):
    """What apply would change, in nft's words, each with the line of the site that it comes from."""
    lines = []
    for change in program.run("diff", expected=(DONE, NO))["changes"]:
        origin = f"{change['file']}:{change['line']}: " if "file" in change else ""
        origin += " ".join(change[key] for key in ("deployment", "row") if key in change)
        lines.append(change["text"] + (f" # {origin}" if origin else "") + "\n")
    return {"prepared": "".join(lines)}


def present(module):
    site = Site(module)
    program = Program(module, site)
    site.stage()
    diff = [kernel_diff(program), site.diff()] if module._diff else []
    options = []
    if module.check_mode:
        options.append("--dry-run")
    elif module.params["confirm"]:
        options += ["--confirm", str(module.params["confirm"])]
    if module.params["verify"]:
        options.append("--verify")
    if module.params["flush_flows"]:
        options.append("--flush-flows")
    answer = program.run("apply", *options)
    # What may be taken back is not kept.
    changed = not answer["waits"] and site.keep()
    return dict(changed=answer["changed"] or changed, answer=answer, diff=diff)


def checked(module):
    return dict(changed=False, answer=Program(module, Site(module)).run("check"))


def status(module):
    """What the kernel holds, whatever site it comes from."""
    return Program(module).run("status", "--example", expected=(DONE, NO))


def confirmed(module):
    if module.check_mode:
        return dict(changed="confirm_seconds" in status(module))
    site = Site(module)
    site.stage()  # before the change is final
    answer = Program(module).run("confirm", expected=(DONE, NO))
    if answer["changed"]:
        site.keep()
    return dict(changed=answer["changed"], answer=answer)


def absent(module):
    if module.check_mode:
        result = dict(changed=status(module)["loaded"])
    else:
        answer = Program(module).run("remove")
        result = dict(changed=answer["changed"], answer=answer)
    result["diff"] = {"prepared": "delete table inet jgfw\n" if result["changed"] else ""}
    return result


def main():
    states = {"present": present, "absent": absent, "checked": checked, "confirmed": confirmed}
    module = AnsibleModule(
        argument_spec=dict(
            site=dict(type="raw"),
            src=dict(type="path"),
            site_path=dict(type="path", default="/etc/jgfw/site.yaml"),
            state=dict(type="str", choices=list(states), default="present"),
            confirm=dict(type="int"),
            verify=dict(type="bool", default=False),
            flush_flows=dict(type="bool", default=False),
            binary=dict(type="path", default="jgfw"),
            state_dir=dict(type="path"),
            mode=dict(type="raw", default="0600"),
            owner=dict(type="str"),
            group=dict(type="str"),
        ),
        mutually_exclusive=[["site", "src"]],
        supports_check_mode=True,
    )
    result = states[module.params["state"]](module)
    for warning in result.get("answer", {}).get("warnings", []):
        module.warn(place(warning))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
