"""What the tests ask a running Dagster."""

LAUNCH_RUN = """
mutation($parameters: ExecutionParams!) { launchRun(executionParams: $parameters) {
  __typename
  ... on LaunchRunSuccess { run { runId } }
  ... on RunConfigValidationInvalid { errors { message } }
  ... on PythonError { message }
} }"""

LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries {
  loadStatus locationOrLoadError { ... on PythonError { message } }
} } } }"""

RUN = "query($runId: ID!) { runOrError(runId: $runId) { ... on Run { status tags { key value } } } }"

RUNS = "query($job: String!) { runsOrError(filter: {pipelineName: $job}) { ... on Runs { results { runId } } } }"

BACKFILL = """
mutation($parameters: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $parameters) {
  __typename
  ... on LaunchBackfillSuccess { backfillId }
  ... on PythonError { message }
} }"""

BACKFILL_STATUS = """
query($id: String!) { partitionBackfillOrError(backfillId: $id) {
  ... on PartitionBackfill { status runs(limit: 100) { runId status pipelineName tags { key value } } }
} }"""

DAYS = """
query($asset: AssetKeyInput!) { assetNodeOrError(assetKey: $asset) { ... on AssetNode {
  partitionKeys
  assetPartitionStatuses {
    ... on TimePartitionStatuses { ranges { status startKey endKey } }
  }
} } }"""

LATEST = """
query($asset: AssetKeyInput!, $partitions: [String!]) { assetNodeOrError(assetKey: $asset) { ... on AssetNode {
  assetMaterializations(partitions: $partitions, limit: 1) { runId metadataEntries { ...Entry } }
  assetObservations(partitions: $partitions, limit: 1) { runId metadataEntries { ...Entry } }
} } }
fragment Entry on MetadataEntry { label
  ... on IntMetadataEntry { intValue } ... on TextMetadataEntry { text } ... on MarkdownMetadataEntry { mdStr }
}"""

EVENTS = """
query($runId: ID!, $cursor: String) { logsForRun(runId: $runId, afterCursor: $cursor, limit: 1000) {
  ... on EventConnection { cursor hasMore events { __typename
    ... on MaterializationEvent { partition assetKey { path } }
    ... on ObservationEvent { partition assetKey { path } }
    ... on AssetCheckEvaluationEvent { evaluation { checkName success } }
    ... on ExecutionStepFailureEvent { error { message cause { message } } failureMetadata { description } }
    ... on MessageEvent { message }
    ... on RunFailureEvent { message }
  } }
} }"""

WIPE = "mutation($all: [PartitionsByAssetSelector!]!) { wipeAssets(assetPartitionRanges: $all) { __typename } }"

LAUNCHPAD = """
query($selector: PipelineSelector!) { runConfigSchemaOrError(selector: $selector) {
  ... on RunConfigSchema { rootDefaultYaml }
} }"""
