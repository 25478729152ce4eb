enum PlaceholderLettaClient {}
