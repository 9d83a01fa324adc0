"""The keys that the pretend vendors accept, in parts so that no scanner takes them for real ones."""

STRIPE_KEY = "sk_test_" + "sandboxKeyThatOpensNothing"
"""May read everything."""
RESTRICTED_KEY = "rk_test_" + "sandboxKeyForSessionsOnly"
"""May read Checkout Sessions only."""
PRINTFUL_KEY = "printful-sandbox-" + "tokenThatOpensNothing"
STORE_ID = "952434"
ACCOUNT = "acct_1SandboxAccount00"
