/// Random names for agents created without one: two words in one, like `QuietHarbor`.
package enum AgentNames {
    package static func random(using generator: inout some RandomNumberGenerator) -> String {
        let quality = qualities.randomElement(using: &generator) ?? ""
        let thing = things.randomElement(using: &generator) ?? ""
        return quality + thing
    }

    static let qualities = words(
        """
        Agile Amber Ancient Apt Arctic Ardent Azure Blithe Bold Brave Breezy Bright Brisk Bronze Calm Candid
        Careful Cheerful Civil Clear Clever Cobalt Copper Coral Cosmic Cozy Crisp Curious Dapper Daring Deep
        Deft Eager Early Earnest Easy Ebony Emerald Even Fair Fearless Fleet Fond Frank Free Fresh Gentle
        Gilded Glad Golden Graceful Grand Hardy Hazel Honest Humble Indigo Ivory Jade Jolly Jovial Keen Kind
        Lively Loyal Lucid Lunar Lyric Mellow Merry Mild Mindful Misty Modest Neat Nimble Noble Olive Opal
        Patient Plucky Polar Prime Proud Quick Quiet Radiant Ready Rosy Russet Sage Serene Silver Sincere
        Solar Steady Sunny Swift Tidy Tranquil Trusty Upbeat Velvet Vivid Warm Wise Witty Zesty
        """)

    static let things = words(
        """
        Abacus Acorn Almanac Anchor Anvil Arbor Archer Aspen Atlas Badger Banyan Basil Beacon Beech Bell
        Birch Bison Breeze Bridge Brook Canoe Canyon Cedar Cello Chestnut Clover Comet Compass Condor Crane
        Creek Cypress Delta Dolphin Dune Eagle Easel Echo Elm Ember Falcon Fern Finch Fjord Forest Fox
        Garden Gazelle Ginkgo Glacier Grove Gull Harbor Hare Harp Hawk Hazelnut Heron Hill Ibis Island Ivy
        Jasmine Juniper Kayak Kestrel Kite Lagoon Lantern Lark Laurel Lemur Lighthouse Linden Lotus Lynx
        Lyre Maple Marten Meadow Mesa Mill Moss Oak Oasis Orchard Orchid Osprey Otter Owl Pebble Pine Plover
        Prairie Quill Rain Raven Reef Ridge River Robin Sail Sequoia Sparrow Spruce Summit Thistle Tulip
        Violin Walnut Wharf Willow Wren
        """)

    private static func words(_ text: String) -> [String] {
        text.split { $0 == " " || $0 == "\n" }.map(String.init)
    }
}
