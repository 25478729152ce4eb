/// The catalogue of endpoints: `API.Agents.retrieve` and so on, one namespace per noun.
///
/// The server registers these values, the Swift client calls them, the OpenAPI document and the
/// coverage test are made from them. A path, verb or summary stands here and nowhere else.
public enum API {}
