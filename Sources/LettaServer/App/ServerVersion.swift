/// The name and version of the server, and the API that it speaks.
package enum ServerVersion {
    package static let current = "0.1.0"
    /// The version of the retired server whose API this is; clients check it.
    package static let apiLevel = "0.16.8"
}
