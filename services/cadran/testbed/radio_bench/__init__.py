"""How fast the radio steps: beside a peer and the machine's ceiling, and how the cost grows.

Every case runs in a process of its own, started afresh: its peak memory is then that case's, and the number
of threads can be chosen. The processes are this package's modules with a ``main``; ``report`` starts them.
"""
