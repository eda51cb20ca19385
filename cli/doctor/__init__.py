"""What ``edgedigits doctor`` looks at, on a workstation and on a Raspberry Pi. Needs the standard library alone.

``examine(Host())`` carries out :data:`edgedigits.cli.doctor.checks.CHECKS`. Adding a check is one function in one of
the modules beside this one, and one line there.
"""
