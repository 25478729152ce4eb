/// Which program this is and which API it speaks.
package enum ServerVersion {
    package static let current = "0.1.0"
    /// The version of the retired server whose API this is; clients compare it.
    package static let apiLevel = "0.16.8"
}
