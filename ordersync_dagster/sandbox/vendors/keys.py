"""The keys that the pretend vendors accept; in parts, so that no scanner takes them for real keys."""

STRIPE_KEY = "sk_test_" + "sandboxKeyThatOpensNothing"
"""Can read everything."""
RESTRICTED_KEY = "rk_test_" + "sandboxKeyForSessionsOnly"
"""Can read only Checkout Sessions."""
PRINTFUL_KEY = "printful-sandbox-" + "tokenThatOpensNothing"
STORE_ID = "952434"
ACCOUNT = "acct_1SandboxAccount00"
