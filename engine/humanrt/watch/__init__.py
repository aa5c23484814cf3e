"""What the processes of a program use, over time.

- ``readings``: what one process uses now
"""
