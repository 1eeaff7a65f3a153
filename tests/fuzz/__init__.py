"""Every reader against files as nobody would write them: refused or read, never a traceback, never more
memory than a machine has.
"""
