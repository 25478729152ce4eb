enum PlaceholderLettaServerApp {}
