/// Why the server does not start, as text for the operator.
package enum StartUpFailure: Error, CustomStringConvertible {
    case wrongEncryptionKey
    case noEncryptionKey(file: String)
    case dataFolderInUse(String)
    case dataFolderUnusable(String, reason: String)
    case openWithoutPassword(host: String)
    case portTaken(host: String, port: Int)
    case addressUnusable(host: String, port: Int, reason: String)
    case socketUnusable(path: String, reason: String)
    case invalidSetting(String)
    case storage(String)
    /// A copy of the database that can't be restored.
    case unsoundCopy(String)

    package var description: String {
        switch self {
        case .wrongEncryptionKey:
            """
            The encryption key is not the one this database was written with. Set LETTA_ENCRYPTION_KEY to that key \
            (or restore encryption.key in the data folder); to replace a key give both, the new one first: "new,old".
            """
        case .noEncryptionKey(let file):
            """
            This database was written with an encryption key, and the key is missing: LETTA_ENCRYPTION_KEY is not set and \
            \(file) does not exist. Set LETTA_ENCRYPTION_KEY to the key, or restore encryption.key from a copy of the data \
            folder. Without it the secrets in the database can't be read.
            """
        case .dataFolderInUse(let path):
            "Another letta-server is using \(path). Stop it first, or choose another folder with --data-dir."
        case .dataFolderUnusable(let path, let reason):
            "The data folder \(path) can't be used: \(reason). Choose another one with --data-dir or LETTA_DIR."
        case .openWithoutPassword(let host):
            """
            Refusing to listen on \(host) without a password: anyone who reaches this machine could use your agents. \
            Set LETTA_SERVER_PASSWORD (or --password-file), or listen on 127.0.0.1.
            """
        case .portTaken(let host, let port):
            "Port \(port) of \(host) is in use by another process. Stop it, or choose another port with --port."
        case .addressUnusable(let host, let port, let reason):
            """
            The server can't listen on port \(port) of \(host): \(reason). Choose an address of this machine with --host, \
            and a port that this user may open with --port.
            """
        case .socketUnusable(let path, let reason):
            "The server can't listen on the socket \(path): \(reason). Choose another path with --socket."
        case .invalidSetting(let text), .storage(let text), .unsoundCopy(let text):
            text
        }
    }
}
