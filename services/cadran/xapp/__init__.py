"""The xApp: ends E2, keeps experience, learns, delivers policies, and answers over REST."""
