import Glibc
import SystemPackage

/// Bytes for a process to read, in memory that has no name.
///
/// A pipe would have to be written while the process reads, and swift-subprocess 1.0.2 ends the whole program when a
/// process that it writes to ends first.
enum SandboxInput {
    /// - Returns: a descriptor to read them from, which the caller closes.
    /// - Throws: `SandboxFailure` when there is no room for them.
    static func descriptor(of bytes: [UInt8]) throws(SandboxFailure) -> FileDescriptor {
        let name = "/letta-\(UInt64.random(in: 0 ... .max))-\(UInt64.random(in: 0 ... .max))"
        let number = shm_open(name, O_RDWR | O_CREAT | O_EXCL, 0o600)
        guard number >= 0 else { throw .broken("there is no memory for its input: \(Errno(rawValue: errno))") }
        shm_unlink(name)
        let descriptor = FileDescriptor(rawValue: number)
        do {
            try descriptor.writeAll(toAbsoluteOffset: 0, bytes)
            return descriptor
        } catch {
            // The first error is the one to tell.
            try? descriptor.close()
            throw .broken("there is no memory for its input: \(error)")
        }
    }
}
