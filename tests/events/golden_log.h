// What the golden logs hold: every type of event and every kind of batch, with known values.

#pragma once

#include <string>
#include <vector>

#include "events/batch.h"
#include "events/event.h"
#include "events/log.h"

namespace ntt::events {

// The events as they were appended, in order. Never change: a log that was written stays as it is.
// A later format gets events and a log of its own.
std::vector<NewEvent> golden_events();

// Those of the second log: what adoption and deletion brought.
std::vector<NewEvent> golden_events_2();
CopyBatch golden_copies_2();

// Those of the third log, which were one append: packs of records, posting lists, time lists and
// spans of nodes, each at its bounds and alone.
std::vector<NewEvent> golden_events_3();

EntryBatch golden_entries();
LoadBatch golden_decisions();
CopyBatch golden_copies();
VerifyBatch golden_verifications();

// One line an event: envelope, payload and the attachment's BLAKE3, as text.
std::string listing_of(const Log& log);

}  // namespace ntt::events
