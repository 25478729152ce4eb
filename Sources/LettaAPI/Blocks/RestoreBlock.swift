extension API.Blocks {
    public static let restore = Endpoint<ID<Block>, NoQuery, RestoreBlock, Block>(
        .post, "/v1/blocks/{block_id}/restore", "Gives a block the value of one of its versions again.")
}

public struct RestoreBlock: Codable, Sendable {
    /// One of the block's history. What the block has now becomes a version before the new one.
    public var version: Int

    public init(version: Int) {
        self.version = version
    }
}
