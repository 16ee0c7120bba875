# SPDX-License-Identifier: GPL-2.0-or-later
"""Sites for the tests of pictures and pages, and what reports they give."""
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
JGFW = os.environ.get("JGFW", str(ROOT / "build/jgfw"))

# Whatever a purpose may hold: the parser refuses control characters, double quotes and what turns the
# direction of text.
HOSTILE = [
    "<script>document.title = 1</script>",
    "<img src=x onerror=document.title=2>",
    "</title></style></script></svg>]]>-->",
    "'><a href='javascript:alert(3)'>x</a>",
    "&lt;b&gt; &amp;amp; &#60; &nbsp;",
    "\\N \\G \\E \\l \\n \\\\ \\",
    "שלום עולם א1 ب2",
    "%s%n {a|b} $(id) `id` -> .",
]

NAME = "-> <b id='x'>&\\N \\ ]]><script>5</script>#%41"  # of a deployment

HOSTILE_SITE = """\
version: 1
gateway:
  zones: {wan: "<b>&'x", outward: eth1, inward: eth2, lan: [eth3, "e;|<i>"]}
deployments:
  - name: {{NAME}}
    profile: dual-medium
    edge:
      - {name: e1, public: 203.0.113.10, outward: 192.0.2.10, inward: 192.0.2.74}
    core: [10.10.0.20]
    guest: [10.10.0.30]
    rows:
"""

ZONES = {
    ("dual", "external"): "{wan: eth0, outward: eth1}",
    ("dual", "internal"): "{inward: eth2, lan: [eth3, eth4]}",
    ("dual", "both"): "{wan: eth0, outward: eth1, inward: eth2, lan: [eth3, eth4]}",
    ("single", "external"): "{wan: eth0, dmz: eth1}",
    ("single", "internal"): "{dmz: eth1, lan: [eth3, eth4]}",
    ("single", "both"): "{wan: eth0, dmz: eth1, lan: [eth3, eth4]}",
}


def report(site, form, *options, path=None):
    """The report of a site's text: its exit code, what it printed, and what it said."""
    env = dict(os.environ, LC_ALL="C.UTF-8")
    if path:
        env["PATH"] = path
    done = subprocess.run([JGFW, *options, "report", "-s", "-", "-f", form], input=site.encode(),
                          capture_output=True, env=env, timeout=120, check=False)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def hostile_site():
    rows = [f"      - {{id: h{i}, purpose: {yaml(text)}, from: edge.inward, to: lan, "
            f"proto: tcp, dport: {7100 + i}}}\n" for i, text in enumerate(HOSTILE)]
    return HOSTILE_SITE.replace("{{NAME}}", yaml(NAME)) + "".join(rows)


def yaml(text):
    return "'" + text.replace("'", "''") + "'"


def many_site(n):
    """n small deployments."""
    return "version: 1\ngateway:\n  zones: {wan: eth0, outward: eth1}\ndeployments:\n" + "".join(
        f"  - {{name: d{i}, profile: dual-small, edge: [{{name: e1, public: 203.0.{i // 200}.{i % 200 + 1}, "
        f"outward: 192.0.{i // 200}.{i % 200 + 1}}}]}}\n" for i in range(n))


def sites():
    """Every profile on every kind of gateway, and the sites of tests/golden: name and text."""
    for nics in ("dual", "single"):
        for size in ("small", "medium", "large"):
            for mux in ("", "-mux"):
                for kind in ("external", "internal", "both"):
                    addr = "outward: 192.0.2.10, inward: 192.0.2.74" if nics == "dual" else "private: 192.0.2.10"
                    yield f"{nics}-{size}{mux}-{kind}", (
                        f"version: 1\ngateway:\n  zones: {ZONES[nics, kind]}\ndeployments:\n"
                        f"  - name: hq\n    profile: {nics}-{size}{mux}\n    edge:\n"
                        f"      - {{name: e1, public: 203.0.113.10, {addr}}}\n"
                        f"    core: [10.10.0.20, 10.10.0.21]\n    guest: [10.10.0.30]\n")
    for path in sorted((ROOT / "tests/golden/sites").glob("*.yaml")):
        yield path.stem, path.read_text(encoding="utf-8")
