import Configuration
import ModelProviders

extension ServerConfiguration {
    /// The PostgreSQL database that Letta's variables name, with Letta's defaults for those that are not set; nil when
    /// none is.
    static func lettaURI(_ environment: ConfigReader) throws -> Secret? {
        let host = environment.string(forKey: "letta.pg.host")
        let port = environment.string(forKey: "letta.pg.port")
        let name = environment.string(forKey: "letta.pg.db")
        let user = environment.string(forKey: "letta.pg.user")
        let password = environment.string(forKey: "letta.pg.password", isSecret: true)
        guard [host, port, name, user, password].contains(where: { $0?.isEmpty == false }) else { return nil }
        if let port, UInt16(port) == nil {
            throw StartUpFailure.invalidSetting("LETTA_PG_PORT is '\(port)'; use a number from 1 to 65535.")
        }
        let login = "\(encoded(user ?? "letta")):\(encoded(password ?? "letta"))"
        let server = "\(encoded(host ?? "localhost")):\(port ?? "5432")"
        return Secret("postgresql://\(login)@\(server)/\(encoded(name ?? "letta"))")
    }

    /// Percent-encoded, but for what may stand anywhere in a URI.
    private static func encoded(_ text: String) -> String {
        text.utf8.reduce(into: "") { result, byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || [0x2d, 0x2e, 0x5f, 0x7e].contains(byte)
            let digits = String(byte, radix: 16, uppercase: true)
            result += isPlain ? String(UnicodeScalar(byte)) : "%" + (digits.utf8.count < 2 ? "0" : "") + digits
        }
    }
}
