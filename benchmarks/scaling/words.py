"""The sentences of docs/scaling.md."""

# ruff: noqa: E501 # a row of a table is one line

ANSWER = """# Scaling

*Written by `python -m benchmarks --scaling`; change the harness, not this page.*

**One shop needs one process: a second one is no faster, because the vendors count by account.** What grows with the number
of shops is the number of runs: {shops} shops with a run each hour need {needed} runs at once, and 10 are comfortable.
Neither Stripe's nor Printful's limits are reached. Black Friday changes next to nothing.

**How long a customer waits whose webhook was lost** is set by how often you run, not by the machine: with a run each
hour, half of {shops} shops' lost payments have their order after {median} minutes, and 99 of 100 within {late} minutes on
Black Friday. 15 of these minutes are the grace time for the webhook (`ORDERSYNC_GRACE_MINUTES`).

| what you have | what helps |
| --- | --- |
| one shop | nothing: one CronJob or one schedule |
| up to about {a_pod} shops, a run each hour | one run at a time still ends within the hour |
| more shops | more runs at once: {a_pod} shops for each (`concurrency.runs.maxConcurrentRuns`, [kubernetes.md](kubernetes.md)) |
| payments that may not wait an hour | run more often, for example every 10 minutes: six times the runs at once |
| one shop with more than about {hourly_limit} orders a month | its hourly run takes more than an hour, because Printful allows no more pages of its open orders. Run it every two hours, or only each night |
| several shops on one Stripe account | their runs take turns. A second account is of no use for the limits: one allows {sessions_a_second} sessions a second |
| a Printful store with more than {orders_an_hour} orders | the nightly run reads all of them, at {orders_a_minute} a minute, and takes more than an hour. Run `--printful open` each night, and `all` on Sundays |
| a shop's database that is slow | a run of another shop does not wait for it. Dagster's own database is a separate one |

## {shops} shops, simulated

Minutes from a payment to its order, for payments whose webhook did not do its work; and minutes until 99 of 100 runs
that are due at 03:20 (the last 15 days, all of Printful) and at 12:50 (yesterday and today, open orders) have ended on
Black Friday.
"""

LIMITS = """3 pods are too few: runs start later and later after they were due, by days at the end. The payments still wait little
longer, because a run reads up to the moment at which it starts. From 4 on more pods shorten the wave, and hardly the wait,
which is the schedule's. A pod is counted with 10 seconds to its first request, a process that is started by cron with 1.5: that is most of a small shop's run.

## One shop by its size

Requests to Stripe + requests to Printful. A shop of this size has had its store for 18 months.
"""

HOW = """The runs of a large shop are Printful's: at night the list of all its orders, 97 new ones a page; each hour its open orders,
which are on the first pages; those that are not are asked one by one. Both at 110 requests a minute. That is the next
limit. Only fewer runs help against it, because Printful counts by token and a store has one list.
Stripe's list costs one request for 100 sessions.

## Measured figures of one process

From [performance.md](performance.md), on 2 cores:

- {main_size} sessions in {main_seconds} s, whole process, 100 ms a request.
- At 25 requests a second, {stripe_size} sessions: {stripe_requests} requests in {stripe_seconds} s.
- {printful_size} Printful orders at the default budget, 110 a minute: {printful_seconds} s.

## How it was found

A simulation by events: each run waits until its Stripe account is free and a place is free, then takes as long as its
requests and budgets need. **The requests are the product's own:** Stripe's window is cut by the reader of the product
itself, and a test compares both vendors' counts with those of the sandbox, for shops of 0 to 3,000 sessions and 0 to 900
Printful orders (12,000 sessions in the slow tests): they are equal.

| what | as simulated |
| --- | --- |
| shops | {shops}; half have fewer than {median_size} orders a month, the largest has {largest} (a Pareto distribution) |
| rhythm | by hour and weekday; Black Friday 12 times, Saturday 5, Sunday 4, Cyber Monday 9 times the usual |
| lost webhooks | 1 in 500; and outages of a shop's webhook, one in 45 days, 3 hours in the median, some for days, 5 times as many on Black Friday. In all {lost_share} of the payments |
| counted | {lost_usual} lost payments of 16 usual days, {lost_friday} of Black Friday |
| accounts | nine of ten shops have their own; the others share one among ten |
| schedules | Dagster's own: hourly at minute 50, nightly at 03:20, all shops at the same time |
| budgets | 20 requests a second for each Stripe account, 110 a minute for each Printful token |
| assumed, not measured | 300 ms a request, 10 s for a pod to start, goods are made in 5 days |

Not simulated: databases that are slow or away, vendors that are down ([reliability.md](reliability.md)), Stripe's own
resending of webhooks, which repairs many outages before a run does, and several cores that are busy with something else.

The same seed gives the same figures:

```console
$ python -m benchmarks --scaling
```
"""
