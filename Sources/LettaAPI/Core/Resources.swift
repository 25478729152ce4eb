/// What ids name besides the resources that have a type of their own here.
public enum Conversation: Resource { public static let idPrefix = "conv" }
