import Glibc
import SystemPackage

/// Input of a process, in an anonymous memory file.
///
/// A pipe would have to be written while the process reads, and swift-subprocess 1.0.2 terminates the whole program
/// when a process that it writes to exits first.
enum SandboxInput {
    /// - Returns: a descriptor to read them from, which the caller closes.
    /// - Throws: `SandboxFailure` when there is not enough memory.
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
            // The first error is the one to report.
            try? descriptor.close()
            throw .broken("there is no memory for its input: \(error)")
        }
    }
}
