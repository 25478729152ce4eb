/// Conversations in the manner of real chats, made for the evaluation of searches: several topics at once, typos, facts that
/// change, and questions in other words. The same each time.
enum MemoryEvaluationData {
    /// Something that is said once, and asked for later.
    struct Fact: Sendable {
        let said: String
        /// What follows, which may say the rest of it.
        let reply: String
        let question: String
        /// What is said later instead; nil for what never changes.
        let changed: String?
    }

    struct Turn: Sendable {
        var isUser: Bool
        var text: String
        /// In minutes from the beginning.
        var minute: Int
        /// The index of the fact that it states, and whether it is the later version.
        var fact: Int?
        var isChanged = false
    }

    /// Facts of each third topic are not looked at while weights are chosen.
    static func isHeldOut(_ fact: Int) -> Bool { fact % 3 == 2 }

    /// said | reply | question | changed
    static let facts: [Fact] = table.split(separator: "\n").map { line in
        let parts = line.split(separator: "|", omittingEmptySubsequences: false).map { part in
            String(part.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
        }
        return Fact(
            said: parts[0], reply: parts[1], question: parts[2],
            changed: parts.count > 3 && !parts[3].isEmpty ? parts[3] : nil)
    }

    private static let table = """
        my sister Noor is moving to Utrecht in the autumn | oh nice, for the new job? | Which city is Noor going to live in? | change of plan, Noor signed for a flat in Ghent after all
        the warranty on the dishwasher is guaranteed until 2029, I kept the receipt | good thing you kept it | How long is the dishwasher guarantee? |
        I started taking magnesium before bed, 300 mg | does it help you sleep? | What supplement does she take at night? | switched the magnesium for melatonin, the tablets upset my stomach
        Our landlord wants 1150 a month from January on | thats a steep increase | How much rent will we pay per month? | landlord came down to 1080 a month if we stay two years
        Tomas is allergic to walnuts, he ended up in hospital once | I'll keep walnuts out of the menu | What must Tomas not eat? |
        the wifi password at the cabin is otterpond77 | saved it, thanks | What is the password for the internet at the cabin? | they changed the cabin wifi password to pinecone42
        I finally passed my motorbike licence exam yesterday!! | congratulations!! | Did I pass the exam for riding a motorbike? |
        The vet said Biscuit has to lose two kilos before summer | poor Biscuit | How much weight should the dog Biscuit lose? |
        booked the dentist for the crown, Thursday at quarter past nine | in the morning right? | When is my appointment with the dentist? | dentist moved me, the crown is on Friday at two now
        Dad's surgery went fine, they replaced the left hip | glad to hear it, hip replacements go well these days | Which hip of my father's was operated? |
        we want the nursery painted in sage green, not yellow | sage is lovely | What colour should the baby's room be? | ok final decision, the nursery becomes light terracotta
        Greta quit her job at the bakery to study nursing | brave of her | What is Greta studying now? |
        my new manager is called Ines Caldeira, she came from the Lisbon office | how is she so far? | Who is my boss? | reorg again, I report to Pawel Nowicki from Monday on
        I parked the car on level 4 of the garage next to the station | level 4, got it | Where did I leave the car? |
        the sourdough needs 78 percent hydration or it wont rise in our kitchen | noted for next time | How much water does the bread dough need? |
        Lena's birthday party is at the climbing gym this year | kids will love it | Where are we celebrating Lena's birthday? | the climbing gym is full, Lena's party will be at the bowling alley
        the plumber quoted 640 euros for the boiler valve | seems a lot for a valve | What did the plumber ask for the repair of the boiler? |
        my flight home is KL1704 on the twelfth | which terminal? | What is the number of my flight? | they cancelled KL1704, I am rebooked on KL1708
        I stopped eating meat in March, only fish now and then | so pescatarian then | Since when have I been avoiding meat? |
        Amir proposed to Sofia on the ferry, she said yes | how romantic | Where did Amir ask Sofia to marry him? |
        our team picked Postgres for the invoices, mongo was too messy | sounds sensible | Which database do we use for invoices? | plot twist, the invoices go to SQLite, one file per customer
        the spare key is under the blue flowerpot by the shed | I wont tell anyone | Where is the spare key hidden? | moved the spare key, its with our neighbour Helga
        I ran the half marathon in 1:52, knees are dead | thats a great time | What was my time in the half marathon? |
        Grandma's recipe uses buttermilk and a pinch of cardamom | cardamom, interesting | What spice is in grandmother's recipe? |
        the loan from uncle Piet is 9000, no interest, five years | generous of him | How much money did I borrow from Piet? | uncle Piet forgave half of it, we owe him 4500
        Mila got into the conservatory in Graz for cello | wow, cello! | What instrument will Mila study at the conservatory? |
        the heating in my flat broke again, third time since Christmas | call the landlord | How often has the heating failed this winter? |
        I cant stand coriander, tastes like soap to me | thats genetic I think | Which herb do I hate? |
        Ravi's startup sells sensors for beehives, they got funded | bees need all the help | What does the company of Ravi make? | Ravi's company dropped the bees, they build irrigation controllers instead
        our anniversary is the ninth of June, I forgot it twice already | set a reminder | When is our wedding anniversary? |
        the contractor can start the roof in the second week of August | finally | When does the work on the roof begin? | roof people are late, they begin at the end of September
        my blood type is B negative, they told me at the donation | thats rare | What blood group do I have? |
        I lent my tent to Jonas for the festival | hope it comes back clean | Who has my tent? |
        we named the kitten Professor Pickles | best name ever | What is the cat called? |
        the nurse said no coffee for two weeks after the operation | two weeks, oh dear | How long may I not drink coffee? |
        Elif speaks Turkish, German and a bit of Japanese | impressive | Which languages does Elif know? |
        my locker at the pool is number 212 | ok 212 | What is the number of my locker? | got a new locker, 87, the old one was broken
        Oskar broke his wrist snowboarding, cast until April | ouch | What happened to Oskar's arm? |
        I want my ashes scattered at Skagen, where the two seas meet | we still have time for that | Where should my ashes be scattered? |
        the client wants the deck in Danish and English by the twentieth | thats tight | What languages does the client need for the presentation? |
        Hana's due date is the third of November | so exciting | When is the baby of Hana expected? | the doctor corrected it, Hana is due on the twenty-fifth of October
        our budget for the wedding is 14 thousand including the band | thats doable | How much can we spend on the wedding? | talked to the bank, wedding budget is 11 thousand now
        the train to Brno leaves from platform 6 | platform 6 | From which platform does the train to Brno depart? |
        I keep my passport in the drawer under the printer | good to know | Where is my passport? | passport is in the safe from today, the drawer was silly
        Yusuf is writing his thesis about medieval bridges | niche but cool | What is the subject of the thesis of Yusuf? | Yusuf changed his thesis to lighthouse keepers
        the piano tuner found a crack in the soundboard | can it be repaired? | What is wrong with the piano? |
        my shoe size is 43 but in hiking boots I take 44 | noted | What size of hiking boots do I wear? |
        the choir sings Faure's requiem at Easter | beautiful piece | What will the choir perform at Easter? | choir director swapped it, we do Rutter at Easter
        """

    private static let chatter: [String] = """
        haha ok
        what a day, it rained from morning to night
        did you see the game? unbelievable
        im so tired, talk later
        can you remind me to buy milk
        sure thing
        sounds good to me
        hm not sure about that
        the bus was late again
        lol
        ok let me think about it
        what should we cook tonight?
        maybe pasta with the leftover tomatoes
        work was endless, three meetings in a row
        I love this song
        the weather should be better on the weekend
        no idea honestly
        thanks, that helps a lot
        brb, someone is at the door
        the neighbours are having a party again
        we could watch that series everybody talks about
        I forgot my umbrella at the office
        my phone battery dies so fast these days
        any news from your side?
        still waiting for the parcel
        I read an article about glaciers, depressing
        the new cafe at the corner is quite good
        how was the trip?
        long, but the views were worth it
        that reminds me of our holiday by the lake
        the kids were so loud today
        I need a new chair for my desk
        is there anything I can help with?
        let's plan the week on Sunday
        the internet is slow today
        I should call my mother more often
        do you know a good film about trains?
        there is one from the forties
        I went for a short run, the air was great
        the printer is out of ink as always
        can you make a list of what we need?
        eggs, flour, butter and something sweet
        my head hurts a little
        drink some water
        I'll go to bed early
        good night!
        morning! slept badly
        the garden needs water
        got the invoice from the electrician today
        we talked about moving one day, but not now
        which password was it again? never mind, found it
        the dog of the neighbours ate my sandwich
        someone at work has a birthday, I should bring cake
        I was at the station and saw an old friend
        the baby next door cries a lot at night
        dinner with the team on Wednesday
        my flight simulator crashed again
        I thought about taking piano lessons
        a new bakery opened, the bread is great
        the exam season stresses everybody out
        """.split(separator: "\n").map { String($0.drop { $0 == " " }) }

    /// One conversation of some 160 turns with a third of the facts; the later versions come weeks after the earlier ones.
    static func conversation(_ number: Int) -> [Turn] {
        var random = Random(seed: UInt64(number) &* 7_919 &+ 17)
        let chosen = facts.indices.filter { _ in random.next(3) == 0 }
        var turns: [Turn] = []
        for fact in chosen {
            let minute = random.next(100_000)
            turns += pair(fact, facts[fact].said, at: minute, &random)
            if let changed = facts[fact].changed {
                turns += pair(fact, changed, at: minute + 20_000 + random.next(60_000), isChanged: true, &random)
            }
        }
        for _ in 0..<100 {
            let minute = random.next(180_000)
            turns.append(Turn(isUser: true, text: typed(chatter[random.next(chatter.count)], &random), minute: minute))
            turns.append(
                Turn(isUser: false, text: typed(chatter[random.next(chatter.count)], &random), minute: minute + 1))
        }
        return turns.enumerated().sorted { ($0.element.minute, $0.offset) < ($1.element.minute, $1.offset) }
            .map(\.element)
    }

    private static func pair(
        _ fact: Int, _ text: String, at minute: Int, isChanged: Bool = false, _ random: inout Random
    ) -> [Turn] {
        [
            Turn(isUser: true, text: typed(text, &random), minute: minute, fact: fact, isChanged: isChanged),
            Turn(
                isUser: false, text: isChanged ? "ok, noted" : typed(facts[fact].reply, &random), minute: minute + 1),
        ]
    }

    /// The text with a typo in about every twelfth longer word: two letters swapped, or one left out.
    private static func typed(_ text: String, _ random: inout Random) -> String {
        text.split(separator: " ").map { word -> String in
            guard word.count > 4, random.next(12) == 0 else { return String(word) }
            var letters = Array(word)
            let place = 1 + random.next(letters.count - 2)
            if random.next(2) == 0 { letters.swapAt(place, place + 1) } else { letters.remove(at: place) }
            return String(letters)
        }.joined(separator: " ")
    }

    /// A generator that gives the same numbers on every machine.
    struct Random {
        private var state: UInt64

        init(seed: UInt64) {
            state = seed
        }

        /// 0 to `bound` - 1.
        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(max(1, bound)))
        }
    }
}
