package import HTTPTypes

/// The `Link` header that points to the next page of a list.
package enum PageLink {
    /// No header when `cursor` is nil.
    ///
    /// - Parameter target: the request's path and query, whose other parameters are kept, the other bound included.
    /// - Parameter parameter: the query parameter that takes the cursor.
    package static func headers(target: String, next cursor: String?, as parameter: String = "after") -> HTTPFields {
        guard let cursor else { return [:] }
        return [.link: "<\(next(target, cursor, as: parameter))>; rel=\"next\""]
    }

    private static func next(_ target: String, _ cursor: String, as parameter: String) -> String {
        let sides = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let kept = (sides.count > 1 ? sides[1] : "").split(separator: "&").filter {
            $0.prefix { $0 != "=" } != parameter
        }
        let query = kept.map(String.init) + ["\(parameter)=\(PercentCoding.encode(cursor))"]
        return "\(sides[0])?\(query.joined(separator: "&"))"
    }
}
