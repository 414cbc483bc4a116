"""What people type: each command parses, calls one public function and prints what it returned.

Reads   everything; nothing imports it.
Holds   no result of its own: a number on the screen was computed below.
Promise `--json` ends with one JSON object; bad input exits with 2, a failed check with 1, success with 0.
"""
