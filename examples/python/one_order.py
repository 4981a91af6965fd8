"""One order in Python: commands in from stdin, one JSON document a line; answers out.

python examples/python/one_order.py < examples/transcript/commands.jsonl
"""

import json
import sys

import fenrun as fr

order = fr.Order("A7")
for line in sys.stdin:
    # A rejected command raises and leaves the order as it was; a retry of one that acted changes nothing.
    events, repeat = order.handle(line)
    answer = {"events": events, "order": order.state, "repeat": repeat}
    print(json.dumps(answer, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
