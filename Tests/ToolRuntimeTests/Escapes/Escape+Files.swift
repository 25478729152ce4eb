extension Escape {
    /// Reading what is the server's or another's.
    static let files: [Escape] = [
        Escape("a file of the host", "return open(SECRET).read()"),
        Escape("a file of the host by a symbolic link", "os.symlink(SECRET, 'link'); return open('link').read()"),
        Escape("a file of the host by a hard link", "os.link(SECRET, 'link'); return open('link').read()"),
        Escape("a file of the host above the own folder", "return open('../../../../..' + SECRET).read()"),
        Escape("a folder of the host", "return os.listdir(FOLDER)"),
        Escape("the passwords of the system", "return open('/etc/shadow').read()"),
        Escape("the users of the system", "return open('/etc/passwd').read()"),
        Escape("root's folder", "return os.listdir('/root')"),
        Escape("everybody's folders", "return os.listdir('/home')"),
        Escape("the environment of the first process", "return open('/proc/1/environ').read()"),
        Escape(
            "the environments of all processes",
            """
            for path in glob.glob('/proc/[0-9]*/environ'):
                try:
                    if 'ESCAPE' in open(path).read(): return 'found'
                except PermissionError:
                    pass
            raise PermissionError('nothing found')
            """),
        Escape(
            "a secret in a command line",
            """
            for path in glob.glob('/proc/[0-9]*/cmdline'):
                if SECRET in open(path).read(): return 'found'
            raise PermissionError('nothing found')
            """),
        Escape("the root folder of the first process", "return os.listdir('/proc/1/root')"),
        Escape("the parent's root folder", "return os.listdir(f'/proc/{os.getppid()}/root')"),
        Escape("the memory of the first process", "return open('/proc/1/mem', 'rb')"),
        Escape("the parent's memory", "return open(f'/proc/{os.getppid()}/mem', 'rb')"),
        Escape("the descriptors of the first process", "return os.listdir('/proc/1/fd')"),
        Escape("the parent's descriptors", "return os.listdir(f'/proc/{os.getppid()}/fd')"),
        Escape("the kernel's memory", "return open('/proc/kcore', 'rb').read(1)"),
        Escape("the machine's memory", "return open('/dev/mem', 'rb')"),
        Escape("a disk", "os.mknod('disk', 0o60600, os.makedev(8, 0)); return open('disk', 'rb')"),
        Escape(
            "a file by its handle",
            "return call('open_by_handle_at', -100, b'\\x08\\0\\0\\0\\x01\\0\\0\\0' + bytes(16), 0)"),
        Escape(
            "an inherited descriptor",
            """
            for number in range(3, 256):
                try:
                    kind = os.fstat(number).st_mode
                except OSError:
                    continue
                if not stat.S_ISFIFO(kind): return number
            raise PermissionError('there is the pipe for the result only')
            """),
    ]

    /// Changing what is outside.
    static let writing: [Escape] = [
        Escape("a program of the system", "return open('/usr/bin/escape', 'w')"),
        Escape("the system's settings", "return open('/etc/escape', 'w')"),
        Escape("the root folder", "return open('/escape', 'w')"),
        Escape("a device", "return open('/dev/escape', 'w')"),
        Escape("a folder of the host", "return open(FOLDER + '/escape', 'w')"),
        Escape("a file of the host", "return open(SECRET, 'a')"),
        Escape("emptying a file of the host", "os.truncate(SECRET, 0); return 'done'"),
        Escape("removing a file of the host", "os.unlink(SECRET); return 'done'"),
        Escape("renaming a program", "os.rename('/usr/bin/python3', '/usr/bin/python'); return 'done'"),
        Escape("the mode of a file of the host", "os.chmod(SECRET, 0o666); return 'done'"),
        Escape("the owner of a file of the host", "os.chown(SECRET, os.getuid(), -1); return 'done'"),
        Escape("the times of a file of the host", "os.utime(SECRET, (1, 1)); return 'done'"),
        Escape("the attributes of a file of the host", "os.setxattr(SECRET, 'user.x', b'1'); return 'done'"),
        Escape("what runs when a program crashes", "return open('/proc/sys/kernel/core_pattern', 'w')"),
        Escape("the kernel's emergency keys", "return open('/proc/sysrq-trigger', 'w')"),
        Escape("being killed first", "open('/proc/self/oom_score_adj', 'w').write('-1000'); return 'done'"),
        Escape("more namespaces", "return open('/proc/sys/user/max_user_namespaces', 'w')"),
        Escape("the map of users", "open('/proc/self/uid_map', 'w').write('0 0 1'); return 'done'"),
        Escape("settings of devices", "return open('/sys/kernel/uevent_helper', 'w')"),
        Escape("becoming root", "os.setuid(0); return os.getuid()"),
        Escape(
            "a program that is root for everybody",
            """
            shutil.copy('/usr/bin/id', 'id')
            for path in ('/usr/bin/su', '/usr/bin/mount', '/usr/bin/sudo'):
                if not os.path.exists(path): continue
                said = subprocess.run([path, '-c', 'id'], capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout
                if 'uid=0' in said: return said
            raise PermissionError('none helped')
            """),
    ]
}
