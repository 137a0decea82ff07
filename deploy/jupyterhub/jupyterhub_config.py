"""A JupyterHub for this course, on one machine: docs/jupyterhub.md describes it, step by step.

The hub runs as root, so this file has to be root's: copy it to /etc/jupyterhub, out of the course's
folder, where everybody who grades can write.
"""

import grp
import os
import pwd
import shlex
import sys
from pathlib import Path

c = get_config()

# The course's folder, and the Unix groups of those who grade and of those who learn.
COURSE = Path(os.environ.get("LXMLS_NB_COURSE", "/srv/lxmls_nb"))
GRADERS = os.environ.get("LXMLS_NB_GRADERS", "graders")
STUDENTS = os.environ.get("LXMLS_NB_STUDENTS", "students")

# The environment that all share: the hub's own.
BIN = Path(sys.prefix, "bin")

# Everybody has an account on this machine, and logs in with its password. Nobody else does: not
# the accounts of services, nor anybody who is in neither group.
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {GRADERS, STUDENTS}

# Each server runs as the account that it is of: files are guarded by their modes, as they are on
# any machine that people share.
c.JupyterHub.spawner_class = "jupyterhub.spawner.LocalProcessSpawner"
c.Spawner.default_url = "/lab"
c.Spawner.environment = {"PATH": f"{BIN}{os.pathsep}/usr/local/bin:/usr/bin:/bin"}
SERVER = str(BIN / "jupyterhub-singleuser")

# What those who grade have besides: formgrader, Create Assignment, terminals with this PATH.
OF_GRADERS = COURSE / "deploy" / "jupyterhub" / "graders"


def grades(name):
    """Whether an account is in the group of those who grade, by name or as its own group."""
    group = grp.getgrnam(GRADERS)
    return name in group.gr_mem or pwd.getpwnam(name).pw_gid == group.gr_gid


def prepare(spawner):
    """Start those who grade in the course's folder, where its settings are, and all others at home.

    What graders make there is the group's: gradebook.db, for one, has the mode that the first of
    them gives it.
    """
    environment = {key: value for key, value in spawner.environment.items() if "JUPYTER" not in key}
    if grades(spawner.user.name):
        spawner.notebook_dir = str(COURSE)
        spawner.environment = environment | {"JUPYTER_CONFIG_PATH": str(OF_GRADERS)}
        start = f'umask 007 && cd {shlex.quote(str(COURSE))} && exec "$0" "$@"'
        spawner.cmd = ["sh", "-c", start, SERVER]
    else:
        spawner.notebook_dir = ""
        spawner.environment = environment
        spawner.cmd = [SERVER]


c.Spawner.pre_spawn_hook = prepare

# The door. Put a web server with a certificate in front of it, or see JupyterHub's ssl_cert and
# ssl_key: passwords pass through here.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"

# With a domain of its own for each user, no page of a student can reach into a grader's. Then, and
# only then, the formgrader may be shown in a frame (docs/jupyterhub.md, "The formgrader").
# c.JupyterHub.subdomain_host = "https://hub.example.org"
