"""The rules that every stack keeps, as a CrossGuard policy pack: `pulumi preview --policy-pack infra/policy`.

`rules` holds one family a file. A `Rule` judges one resource by its type and inputs, an `EstateRule` a whole stack by
how its resources refer to each other; neither knows Pulumi, so that tests judge a rehearsed plan by the same
functions. `crossguard` is the only part that speaks to the engine.
https://www.pulumi.com/docs/iac/crossguard/
"""
