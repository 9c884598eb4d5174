from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumptions:
    """What an estimate has to suppose of a shop and of our own code; none of it was measured on AWS.

    Sizes are of one photo, durations and counts of one upload, one search or one month, as the name says.
    """

    original_mb: float = 2.0  # a phone's JPEG of 12 megapixels
    prepared_kb: float = 151.0  # 224 x 224 x 3 bytes: docs/adr/0006-prepared-photos-are-dropped.md
    thumbnail_kb: float = 12.0  # WebP, 256 pixels
    answer_kb: float = 6.0  # a search's JSON
    rows_kb: float = 3.0  # ledger, photo and item of one photo in DynamoDB

    requests_an_upload: float = 4.0  # asked for, sent to S3, then asked after until it is indexed
    thumbnails_a_search: float = 10.0  # the default k; a browser that has one asks no more
    uploads_s: float = 0.05
    search_s: float = 0.25
    thumbnail_s: float = 0.05
    prepare_s: float = 0.35
    embed_s: float = 0.06
    uploads_mb: float = 1024.0
    search_mb: float = 1769.0
    prepare_mb: float = 1769.0
    embed_mb: float = 1024.0

    writes_an_upload: float = 6.0  # the ledger's four moves, the photo, the item
    reads_an_upload: float = 8.0
    reads_a_search: float = 10.0
    queue_requests_an_upload: float = 2.4  # two sends; taking out and deleting ten at a time
    pollers: float = 5.0  # long polls that Lambda keeps open on each of two queues, 20 s each
    photos_a_run: float = 10.0  # that prepare and embed take out of their queues at a time
    log_kb_a_request: float = 1.0
    flow_log_gb_a_zone: float = 3.0
    nat_gb_a_zone: float = 5.0  # images pulled by new nodes
    traced_share: float = 0.05  # X-Ray samples five in a hundred
    custom_metrics: float = 40.0
    alarms: float = 30.0
    dashboards: float = 1.0
    keys: float = 1.0
    clients: float = 1.0  # that ask the user pool for tokens, each a new one every hour
    spot_lost_share: float = 0.05  # work that an interruption makes anew
