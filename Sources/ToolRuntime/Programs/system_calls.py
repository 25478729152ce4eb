# The system calls that a tool never needs and that would take it around the limits of its sandbox, as a seccomp filter.
import ctypes
import errno
import struct

# The numbers on x86_64 and on aarch64; None where there is no such call.
NUMBERS = {
    # Memory that belongs to no process: no limit of a process counts it.
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195),
    "semget": (64, 190), "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192), "msgget": (68, 186), "msgsnd": (69, 189),
    "msgrcv": (70, 188), "msgctl": (71, 187), "mq_open": (240, 180), "io_setup": (206, 0),
    # Large and often attacked parts of the kernel.
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "userfaultfd": (323, 282),
    "bpf": (321, 280), "perf_event_open": (298, 241), "fanotify_init": (300, 262), "add_key": (248, 217), "request_key": (249, 218),
    "keyctl": (250, 219), "modify_ldt": (154, None), "personality": (135, 92), "uselib": (134, None), "sysfs": (139, None),
    # Other processes.
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272), "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440), "process_mrelease": (448, 448), "migrate_pages": (256, 238), "move_pages": (279, 239),
    "ioprio_set": (251, 30),
    # Namespaces and file systems.
    "unshare": (272, 97), "setns": (308, 268), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431), "fsmount": (432, 432),
    "fspick": (433, 433), "mount_setattr": (442, 442), "quotactl": (179, 60), "quotactl_fd": (443, 443),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265), "swapon": (167, 224), "swapoff": (168, 225),
    # The machine.
    "reboot": (169, 142), "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "iopl": (172, None), "ioperm": (173, None), "acct": (163, 89),
    "settimeofday": (164, 170), "clock_settime": (227, 112), "clock_adjtime": (305, 266), "adjtimex": (159, 171),
    "sethostname": (170, 161), "setdomainname": (171, 162), "syslog": (103, 116), "vhangup": (153, 58), "lookup_dcookie": (212, 18),
    "ustat": (136, None),
}
# Without namespaces a tool shares the files and sockets of the system with all others, and Landlock does not know these calls: the
# owner, the mode, the times and the attributes of a file by its path, and watching what others do with files.
OF_FILES = {
    "chmod": (90, None), "fchmodat": (268, 53), "chown": (92, None), "lchown": (94, None), "fchownat": (260, 54), "utime": (132, None),
    "utimes": (235, None), "futimesat": (261, None), "utimensat": (280, 88), "setxattr": (188, 5), "lsetxattr": (189, 6),
    "removexattr": (197, 14), "lremovexattr": (198, 15), "inotify_add_watch": (254, 27),
}
# These may only be used on the process that calls: its first argument must be 0.
ON_ITSELF = {
    "prlimit64": (302, 261), "sched_setaffinity": (203, 122), "sched_setparam": (142, 118), "sched_setscheduler": (144, 119),
    "sched_setattr": (314, 274),
}
CLONE, CLONE3, SETPRIORITY, SOCKET, SOCKETPAIR = (56, 220), (435, 435), (141, 140), (41, 198), (53, 199)
# Calls with higher numbers are newer than this list.
NEWEST = 452
NEW_NAMESPACES = 0x7E020000
AF_UNIX, AF_INET, AF_INET6 = 1, 2, 10
SOCK_STREAM, SOCK_DGRAM, SOCK_TYPE = 1, 2, 0xF
IPPROTO_TCP, IPPROTO_UDP = 6, 17

LOAD, AND, RETURN, IF_EQUAL, IF_ABOVE, IF_SET = 0x20, 0x54, 0x06, 0x15, 0x25, 0x45
KILL, ALLOW = 0x80000000, 0x7FFF0000
PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, SECCOMP_MODE_FILTER = 22, 38, 2


def refusal(error):
    return 0x00050000 | error


class Filter:
    def __init__(self, machine, is_alone=False):
        known = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}
        if machine not in known:
            raise SystemExit(f"the system calls of {machine} are not known: tools run on x86_64 and aarch64")
        architecture, self.column = known[machine]
        self.code = []
        self.load(4)
        self.add(IF_EQUAL, architecture, 1, 0)
        self.add(RETURN, KILL)
        self.load(0)
        if machine == "x86_64":
            self.when(IF_SET, 0x40000000, KILL)  # the calls of x32
        self.when(IF_EQUAL, CLONE3[self.column], refusal(errno.ENOSYS))  # its flags are in memory; the C library falls back to clone
        self.when(IF_ABOVE, NEWEST, refusal(errno.ENOSYS))
        for numbers in [*NUMBERS.values(), *(OF_FILES.values() if is_alone else ())]:
            if numbers[self.column] is not None:
                self.when(IF_EQUAL, numbers[self.column], refusal(errno.EPERM))
        for numbers in ON_ITSELF.values():
            self.call(numbers, lambda: self.unless(0, (0,), errno.EPERM))
        self.call(CLONE, self.check_clone)
        self.call(SETPRIORITY, lambda: (self.unless(0, (0,), errno.EPERM), self.unless(1, (0,), errno.EPERM)))
        if is_alone:
            self.when(IF_EQUAL, SOCKET[self.column], refusal(errno.EACCES))
        else:
            self.call(SOCKET, self.check_socket)
        self.call(SOCKETPAIR, lambda: self.unless(0, (AF_UNIX,), errno.EAFNOSUPPORT))
        self.add(RETURN, ALLOW)

    def add(self, code, value, then=0, otherwise=0):
        self.code.append(struct.pack("HBBI", code, then, otherwise, value))

    def load(self, offset):
        self.add(LOAD, offset)

    def argument(self, number):
        self.load(16 + 8 * number)  # the lower half: all of them are of 32 bits

    def when(self, test, value, result):
        self.add(test, value, 0, 1)
        self.add(RETURN, result)

    def call(self, numbers, check):
        """Code for one call: what `check` lets pass is allowed."""
        start = len(self.code)
        self.add(0, 0)
        check()
        self.add(RETURN, ALLOW)
        self.code[start] = struct.pack("HBBI", IF_EQUAL, 0, len(self.code) - start - 1, numbers[self.column])

    def unless(self, number, values, error):
        """Refuses an argument that is none of the values."""
        self.argument(number)
        self.refuse_others(values, error)

    def refuse_others(self, values, error):
        for place, value in enumerate(values):
            self.add(IF_EQUAL, value, len(values) - place, 0)
        self.add(RETURN, refusal(error))

    def check_clone(self):
        self.argument(0)
        self.when(IF_SET, NEW_NAMESPACES, refusal(errno.EPERM))

    def check_socket(self):
        self.unless(0, (AF_UNIX, AF_INET, AF_INET6), errno.EAFNOSUPPORT)
        self.argument(0)
        self.when(IF_EQUAL, AF_UNIX, ALLOW)
        self.argument(1)
        self.add(AND, SOCK_TYPE)
        self.refuse_others((SOCK_STREAM, SOCK_DGRAM), errno.EPROTONOSUPPORT)
        self.unless(2, (0, IPPROTO_TCP, IPPROTO_UDP), errno.EPROTONOSUPPORT)

    def install(self, libc):
        """Binds this process and all it starts, for ever."""
        code = b"".join(self.code)
        buffer = ctypes.create_string_buffer(code, len(code))

        class Program(ctypes.Structure):
            _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]
        program = Program(len(self.code), ctypes.addressof(buffer))
        libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        if libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(program), 0, 0) != 0:
            raise SystemExit("this system has no seccomp filters")
