"""Stands for a fork of `tests.support.forked_python`: its streams are those of the fork.

It needs nothing but the standard library, without site-packages, and takes some milliseconds.
"""

import json
import os
import socket
import sys

connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
job = {"arguments": sys.argv[2:], "folder": os.getcwd(), "environment": dict(os.environ)}
message = json.dumps(job).encode() + b"\n"
sent = socket.send_fds(connection, [message], [0, 1, 2])
connection.sendall(message[sent:])
code = connection.recv(1)
os._exit(code[0] if code else 1)
