// How the rows of a model's layers were divided, as plans and manifests say it.
#pragma once

#include "ir/module.h"
#include "support/json.h"

namespace allot {

// The module's kRowsMetadata; null if it has none.
Json RowDivision(const ir::Module& module);

// Of it what whoever runs the parts needs: {"parts", "divided", "exchange", "devices", "words",
// "gathered_words", "links"}; null likewise.
Json RowTraffic(const ir::Module& module);

}  // namespace allot
