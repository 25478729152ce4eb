# Rules of the kernel's Landlock, which a process takes on for itself and all it starts: files, signals and abstract sockets.
import ctypes
import os
import struct

CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 2, 4, 8
READING = EXECUTE | READ_FILE | READ_DIR
# The rights that a version of the kernel's interface knows.
RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15, 5: 16}
BIND_AND_CONNECT_TCP = 3
ABSTRACT_SOCKETS_AND_SIGNALS = 3
SIGNALS_SINCE = 6


class Landlock:
    def __init__(self, libc):
        self.libc = libc
        self.version = max(0, libc.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), 1))

    def restrict(self, reading, writing, refuses_tcp):
        """From now on only `reading` can be read and `writing` changed. Does nothing where the kernel has no Landlock."""
        if self.version == 0:
            return
        rights = (1 << RIGHTS[min(self.version, max(RIGHTS))]) - 1
        has_scope = self.version >= SIGNALS_SINCE
        words = (rights, BIND_AND_CONNECT_TCP if refuses_tcp and self.version >= 4 else 0, ABSTRACT_SOCKETS_AND_SIGNALS if has_scope else 0)
        given = struct.pack("QQQ", *words)[: 24 if has_scope else 16 if self.version >= 4 else 8]
        rules = self.libc.syscall(CREATE_RULESET, given, ctypes.c_size_t(len(given)), 0)
        if rules < 0:
            raise SystemExit("this system refuses Landlock rules")
        for path in reading:
            self.allow(rules, path, READING & rights)
        for path in writing:
            self.allow(rules, path, rights)
        self.libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
        if self.libc.syscall(RESTRICT_SELF, rules, 0) != 0:
            raise SystemExit("this system refuses Landlock rules")
        os.close(rules)

    def allow(self, rules, path, rights):
        try:
            place = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return  # it is not there
        if not os.path.isdir(path):
            rights &= EXECUTE | WRITE_FILE | READ_FILE | 1 << 14 | 1 << 15
        self.libc.syscall(ADD_RULE, rules, 1, struct.pack("=Qi", rights, place), 0)
        os.close(place)


def writable_mounts():
    """Where anything can be written here, but for what the kernel itself offers."""
    with open("/proc/self/mounts") as file:
        mounts = [line.split() for line in file]
    return [place.encode().decode("unicode_escape") for _, place, kind, options, *_ in mounts
            if "rw" in options.split(",") and kind not in ("proc", "sysfs", "cgroup", "cgroup2")]
