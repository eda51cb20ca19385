"""Has ``warm_pytest.py`` run its tests once: exits with 0 where they pass; of few imports, as each mutant starts it.

python -I -S tests/mutants/ask_pytest.py SOCKET
"""

import socket
import sys

with socket.socket(socket.AF_UNIX) as line:
    line.connect(sys.argv[1])
    answer = line.recv(1)
sys.exit(answer[0] if answer else 2)
