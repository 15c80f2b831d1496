"""A good search space, and what one change each makes wrong with it."""

GOOD = """\
study: toy
cohort: {kind: phantom, healthy: 8}
prepare:
  slices: {kind: range_mm, lower: -10, upper: 40}
  canvas: {kind: resample, size: 32}
  split: {healthy: {train: 0.6, val: 0.2, test: 0.2}}
objectives: {val/auprc: max}
budget: {trials: 3, hours: 1.5}
sampler: {kind: tpe, seed: 1}
enqueue: [sAE1]
run:
  model:
    kind: vae_gan
    backbone: {kernel_size: 5}
    latent:
      choice:
        - {kind: dense, dim: {choice: [4, 8]}}
        - {kind: spatial, size: {choice: [4, 8]}, channels: {integer: [16, 64], step: 16}}
    posterior: {choice: [{kind: deterministic}, {kind: gaussian, kl_weight: {loguniform: [1.0e-3, 1]}}]}
  train: {epochs: {loginteger: [1, 3]}, batch_size: 8}
  scoring: {median_filter: 3, threshold: {kind: healthy_percentile, percentile: {uniform: [90, 99.5], step: 0.5}}}
"""

YAML = [
    ("trials: 3", "trials: .nan", "UAD-202", "8:18 budget.trials", "must be finite"),
    ("trials: 3", "trials: -.Inf", "UAD-202", "8:18 budget.trials", "must be finite"),
    ("hours: 1.5", "hours: 1e400", "UAD-202", "8:28 budget.hours", "must be finite"),
    ("trials: 3", "trials: 1234567890123456789", "UAD-202", "8:18 budget.trials", "18 digits"),
    ("trials: 3", "trials: 3, trials: 4", "UAD-202", "8:21 budget.trials", "unique"),
    ("prepare:", "study: toy\nprepare:", "UAD-202", "3:1 study", "'study' again, after line 1"),
    ("trials: 3", "trials: !!int 3", "UAD-202", "8:18 budget.trials", "tag"),
    ("study: toy", "study: !!python/object/apply:os.system [ls]", "UAD-202", "1:8 study", "tag"),
    ("enqueue: [sAE1]", "enqueue: &rows [sAE1]\ntested: *rows", "UAD-202", "11:9 tested", "alias"),
    ("budget: {", "budget: {<<: {hours: 3}, ", "UAD-202", "8:10 budget.<<", "merge key"),
    ("trials: 3", "3: trials", "UAD-202", "8:10 budget.3", "keys must be words"),
    ("trials: 3", "true: 3", "UAD-202", "8:10 budget.true", "keys must be words"),
    ("trials: 3", "null: 3", "UAD-202", "8:10 budget.null", "keys must be words"),
    ("trials: 3", "[trials]: 3", "UAD-202", "8:10 budget.?", "keys must be words"),
    ("trials: 3", "\"tri\\nals\": 3", "UAD-202", "8:10 budget.?", "keys must be words"),
    ("study: toy", "study: \"\\ud800\"", "UAD-202", "1:8 study", "characters"),
    ("trials: 3", "trials: \t3", "UAD-201", "8:18", "Indent with spaces"),
    ("  slices", "\tslices", "UAD-201", "4:1", "Indent with spaces"),
    ("trials: 3", "trials: 3}", "UAD-201", "8:20", "must be YAML"),
    ("enqueue: [sAE1]", "enqueue: [sAE1", "UAD-201", "11:4", "begins at line 10"),
    ("study: toy", "study: 'toy", "UAD-201", "22:1", "must be YAML"),
    ("run:", "---\nrun:", "UAD-201", "11:1", "one document"),
    ("study: toy", "study: to\x00y", "UAD-201", "1:10", "U+0000"),
    ("study: toy", "study: to\x1by", "UAD-201", "1:10", "U+001B"),
    ("trials: 3", "trials: " + "[" * 60, "UAD-201", "8:57", "levels"),
    (GOOD, "", "UAD-202", "1:1", "nothing"),
    (GOOD, "# only a comment\n", "UAD-202", "1:1", "nothing"),
    (GOOD, "- study: toy\n", "UAD-202", "1:1", "a list"),
    (GOOD, "toy", "UAD-202", "1:1", "one value"),
]  # fmt: skip
VALUES = [
    ("budget:", "bugdet:", "UAD-210", "8:9 bugdet", "Did you mean `budget`?"),
    ("trials: 3", "trails: 3", "UAD-210", "8:18 budget.trails", "Did you mean `trials`?"),
    ("trials: 3", "epochs: 3", "UAD-210", "8:18 budget.epochs", "Known here: trials, hours, gpu_hours, concurrent_trials"),
    ("healthy: 8", "root: 8", "UAD-210", "2:31 cohort.root", "Known here: kind, healthy"),
    ("epochs:", "epoch:", "UAD-210", "20:18 run.train.epoch", "Did you mean `epochs`?"),
    ("dim:", "size:", "UAD-210", "17:31 run.model.latent.choice.0.size", "Known here: kind, dim"),
    ("val/auprc: max", "val/aupr: max", "UAD-210", "7:24 objectives.val/aupr", "Did you mean `val/auprc`?"),
    ("val/auprc: max", "val/auprc: most", "UAD-210", "7:25 objectives.val/auprc", "must be min or max"),
    ("{val/auprc: max}", "{}", "UAD-210", "7:13 objectives", "at least 1"),
    ("trials: 3", "trials: three", "UAD-210", "8:18 budget.trials", "must be a whole number, at least 1"),
    ("trials: 3", "trials: 3.0", "UAD-210", "8:18 budget.trials", "must be a whole number"),
    ("trials: 3", "trials: '3'", "UAD-210", "8:18 budget.trials", "must be a whole number"),
    ("trials: 3", "trials: 1_000", "UAD-210", "8:18 budget.trials", "'1_000'"),
    ("trials: 3", "trials: 0x10", "UAD-210", "8:18 budget.trials", "'0x10'"),
    ("trials: 3", "trials: 0o17", "UAD-210", "8:18 budget.trials", "'0o17'"),
    ("trials: 3", "trials: yes", "UAD-210", "8:18 budget.trials", "'yes'"),
    ("trials: 3", "trials: true", "UAD-210", "8:18 budget.trials", "got true"),
    ("trials: 3", "trials:", "UAD-210", "8:17 budget.trials", "got null"),
    ("trials: 3", "trials: 2026-01-01", "UAD-210", "8:18 budget.trials", "'2026-01-01'"),
    ("trials: 3", "trials: 0", "UAD-210", "8:18 budget.trials", "at least 1"),
    ("trials: 3", "trials: {choice: [3, 4]}", "UAD-210", "8:18 budget.trials", "Only below `run`"),
    ("hours: 1.5", "hours: 0", "UAD-210", "8:28 budget.hours", "above 0"),
    ("hours: 1.5", "hours: 1:30", "UAD-210", "8:28 budget.hours", "must be a number"),
    ("seed: 1", "seed: -1", "UAD-210", "9:28 sampler.seed", "at least 0"),
    ("seed: 1", "seed: 4294967296", "UAD-210", "9:28 sampler.seed", "below 2147483648"),
    ("study: toy", "study: ../toy", "UAD-210", "1:8 study", "of the form"),
    ("study: toy", "study: 7", "UAD-210", "1:8 study", "must be text"),
    ("kind: phantom", "kind: phantasm", "UAD-210", "2:16 cohort.kind", "must be bids, manifest, nnunet, phantom or few"),
    ("kind: phantom, ", "", "UAD-210", "2:9 cohort", "must have a kind: bids, manifest"),
    ("{kind: phantom, healthy: 8}", "phantom", "UAD-210", "2:9 cohort", "a section with kind: bids, manifest"),
    ("{kind: phantom, healthy: 8}", "{kind: bids}", "UAD-210", "2:9 cohort.root", "must have the key `root`"),
    ("cohort: {kind: phantom, healthy: 8}\n", "", "UAD-210", "1:1 cohort", "must have the key `cohort`"),
    ("kind: tpe", "kind: tpee", "UAD-210", "9:17 sampler.kind", "Did you mean `tpe`?"),
    ("{trials: 3, hours: 1.5}", "[3]", "UAD-210", "8:9 budget", "a section: {key: value, ...}"),
    ("lower: -10", "lower: 50", "UAD-210", "4:11 prepare.slices", "lower must be below upper"),
    ("train: 0.6", "train: 0.7", "UAD-210", "6:20 prepare.split.healthy", "sum to 1"),
    ("size: 32", "size: 2000", "UAD-210", "5:34 prepare.canvas.size", "at most 1024"),
    ("enqueue: [sAE1]", "enqueue: sAE1", "UAD-210", "10:10 enqueue", "a list"),
    ("[sAE1]", "[sAE2]", "UAD-214", "10:11 enqueue.0", "must be a row of the zoo: dAE, sAE1"),
    ("[sAE1]", "[sAE1, sAE1, sAE1, sAE1]", "UAD-220", "10:10 enqueue", "must be no more rows than budget.trials = 3"),
    ("[sAE1]", "[sAE1, sVAE]", "UAD-214", "10:17 enqueue.1", "must be a point of `run.model`"),
    ("kind: vae_gan", "kind: vaegan", "UAD-210", "13:11 run.model.kind", "Did you mean `vae_gan`?"),
    ("kernel_size: 5", "kernel_size: 4", "UAD-210", "14:29 run.model.backbone.kernel_size", "must be 3, 5, 7 or 9"),
    ("{kernel_size: 5}", "baur2022", "UAD-210", "14:15 run.model.backbone", "Did you mean `baur2021`?"),
    ("kind: gaussian, ", "", "UAD-210", "19:49 run.model.posterior.choice.1", "must have a kind: deterministic or gaussian"),
    ("size: {choice: [4, 8]}", "size: {choice: [4, 5]}", "UAD-211", "18:11 run.model.latent.choice.1", "halved"),
    ("median_filter: 3", "median_filter: 4", "UAD-210", "21:28 run.scoring.median_filter", "1, 3, 5, 7, 9 or 11, or a section"),
    ("median_filter: 3", "median_filter: {kind: cube}", "UAD-210", "21:35 run.scoring.median_filter.kind", "must be slice or volume"),
    ("median_filter: 3", "median_filter: {kind: volume, side: 3}", "UAD-210", "21:49 run.scoring.median_filter.side", "Did you mean `size`?"),
    ("enqueue: [sAE1]", "resources: {workers: 2, gpus_per_worker: 0.5}", "UAD-218", "10:42 resources.gpus_per_worker", "must be whole where"),
    ("enqueue: [sAE1]", "resources: {workers: 3}", "UAD-213", "20:53 run.train.batch_size", "must divide among"),
    ("kind: tpe, seed: 1", "kind: grid", "UAD-216", "12:3 run", "a grid must have an end"),
]  # fmt: skip
DISTRIBUTIONS = [
    ("{choice: [4, 8]}}", "{choice: []}}", "UAD-212", "17:39 run.model.latent.choice.0.dim.choice", "a list of options"),
    ("{choice: [4, 8]}}", "{choice: 4}}", "UAD-212", "17:39 run.model.latent.choice.0.dim.choice", "a list of options"),
    ("{choice: [4, 8]}}", "{choice: [4, 8, 4]}}", "UAD-212", "17:46 run.model.latent.choice.0.dim.choice.2", "options must differ"),
    ("{choice: [4, 8]}}", "{choice: [4, 8], default: 4}}", "UAD-212", "17:30 run.model.latent.choice.0.dim", "`choice` must stand alone"),
    ("{choice: [4, 8]}}", "{choice: [4, 8], step: 4}}", "UAD-212", "17:53 run.model.latent.choice.0.dim.step", "only uniform and integer have a `step`"),
    ("{choice: [4, 8]}}", "{choice: [4, x]}}", "UAD-210", "17:43 run.model.latent.choice.0.dim.choice.1", "must be a whole number, at least 1"),
    ("{choice: [4, 8]}}", "{chioce: [4, 8]}}", "UAD-210", "17:30 run.model.latent.choice.0.dim", "Did you mean `choice`?"),
    ("[90, 99.5]", "[99.5, 90]", "UAD-212", "21:91 run.scoring.threshold.percentile.uniform", "Exchange them"),
    ("[90, 99.5]", "[90, 90]", "UAD-212", "21:91 run.scoring.threshold.percentile.uniform", "Write 90 alone"),
    ("[90, 99.5]", "[90]", "UAD-212", "21:91 run.scoring.threshold.percentile.uniform", "two numbers"),
    ("[90, 99.5]", "[90, most]", "UAD-212", "21:91 run.scoring.threshold.percentile.uniform", "two numbers"),
    ("[90, 99.5]", "[90, true]", "UAD-212", "21:91 run.scoring.threshold.percentile.uniform", "two numbers"),
    ("[90, 99.5]", "{low: 90, high: 99.5}", "UAD-212", "21:91 run.scoring.threshold.percentile.uniform", "two numbers"),
    ("[90, 99.5], step: 0.5", "[-1e308, 1e308]", "UAD-212", "21:91 run.scoring.threshold.percentile.uniform", "finite width"),
    ("[90, 99.5]", "[90, 100.5]", "UAD-210", "21:96 run.scoring.threshold.percentile.uniform.1", "below 100"),
    ("step: 0.5", "step: 0.4", "UAD-212", "21:109 run.scoring.threshold.percentile.step", "Let the range end at 99.2"),
    ("step: 0.5", "step: 20", "UAD-212", "21:109 run.scoring.threshold.percentile.step", "smaller step"),
    ("step: 0.5", "step: 0", "UAD-212", "21:109 run.scoring.threshold.percentile.step", "above 0"),
    ("step: 0.5", "step: half", "UAD-212", "21:109 run.scoring.threshold.percentile.step", "above 0"),
    ("step: 0.5", "step: 0.0001", "UAD-212", "21:109 run.scoring.threshold.percentile.step", "at most 10000 steps"),
    ("step: 16", "step: 1.5", "UAD-212", "18:87 run.model.latent.choice.1.channels.step", "whole number"),
    ("step: 16", "step: 15", "UAD-212", "18:87 run.model.latent.choice.1.channels.step", "end at 61"),
    ("[1.0e-3, 1]", "[0, 1]", "UAD-212", "19:91 run.model.posterior.choice.1.kl_weight.loguniform.0", "above 0 on a log scale"),
    ("[1.0e-3, 1]", "[1.0e-3, 1], step: 0.1", "UAD-212", "19:109 run.model.posterior.choice.1.kl_weight.step", "only uniform and integer have a `step`"),
    ("{loginteger: [1, 3]}", "{loginteger: [1.0, 3]}", "UAD-212", "20:32 run.train.epochs.loginteger", "whole numbers"),
    ("{loginteger: [1, 3]}", "{uniform: [1, 3]}", "UAD-210", "20:30 run.train.epochs.uniform.0", "must be a whole number"),
    ("{loginteger: [1, 3]}", "{integer: [0, 3]}", "UAD-210", "20:30 run.train.epochs.integer.0", "at least 1"),
    ("median_filter: 3", "median_filter: {integer: [3, 5]}", "UAD-210", "21:38 run.scoring.median_filter.integer", "got 4"),
]  # fmt: skip
