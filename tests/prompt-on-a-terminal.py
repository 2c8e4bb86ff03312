"""Types at the prompt of `spiegel query` on a terminal of its own, and prints what the terminal shows.

    python tests/prompt-on-a-terminal.py <spiegel> <folder of releases> <folder for the history>

Keys are typed one after another, each line after the prompt is there again; nothing waits for a time.
"""

import os
import pty
import sys

# Up and Enter repeat the line before; Tab completes; Ctrl-C drops a line; Ctrl-D ends.
LINES = [
    b"\\d suppression\r",
    b"sel\t DISTINCT 'the answer is ' || CAST(20 + 22 AS VARCHAR) AS a\r",
    b"FROM traj\t;\r",
    b"\\timing\r",
    b"SELECT 1 AS onee\x7f;\r",
    b"\x1b[A\r",
    b"SELECT nothing;\r",
    b"SELECT never\x03",
    b"\x04",
]


# What the terminal is told when a line can be typed; the prompt follows.
READY = b"\x1b[?2004h"


def main():
    spiegel, releases, state = sys.argv[1:]
    environment = dict(os.environ, XDG_STATE_HOME=state, TERM="xterm")
    process, terminal = pty.fork()
    if process == 0:
        os.execve(spiegel, [spiegel, "query", "--release-dir", releases], environment)
    shown = b""

    def more():
        """What is shown next; nothing when the command has ended."""
        try:
            return os.read(terminal, 65536)
        except OSError:
            return b""

    for line in LINES:
        seen = len(shown)
        while b"> " not in shown[seen:].partition(READY)[2]:
            read = more()
            if not read:
                sys.stdout.write(shown.decode(errors="replace"))
                sys.exit(f"the command ended before {line!r} could be typed")
            shown += read
        shown += b"\n"
        os.write(terminal, line)
    while read := more():
        shown += read
    sys.stdout.write(shown.decode(errors="replace"))
    _, status = os.waitpid(process, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
