/// What ids name besides the resources that have a type of their own here.
public enum Organization: Resource { public static let idPrefix = "org" }
public enum User: Resource { public static let idPrefix = "user" }
public enum Folder: Resource { public static let idPrefix = "source" }
