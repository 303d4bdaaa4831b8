#include "placement/glpk/glpk.h"

#include <glpk.h>

#include <csetjmp>
#include <utility>

#include "support/status.h"

namespace allot {
namespace {

// A model in GLPK's arrays (which count from 1), and what comes back. Nothing in here is changed
// between setjmp and longjmp but plain numbers and memory that the caller owns.
struct Session {
  const MilpModel* model = nullptr;
  const double* incumbent = nullptr;  // counts from 1
  int64_t max_nodes = 0;
  std::vector<int> rows, columns;
  std::vector<double> coefficients;

  std::jmp_buf failed;
  std::vector<double> values;  // sized before
  MilpStatus status = MilpStatus::kCutOff;
  double objective = 0, bound = -kMilpInfinity;
  int64_t nodes = 0;
  bool offered = false, stopped = false;
};

// GLPK calls this when it would abort. Only frames of GLPK and Observe(), which own nothing, lie
// between here and the jump's target.
void Escape(void* info) { std::longjmp(static_cast<Session*>(info)->failed, 1); }

int Swallow(void*, const char*) { return 1; }

void Observe(glp_tree* tree, void* info) {
  Session* const session = static_cast<Session*>(info);
  switch (glp_ios_reason(tree)) {
    case GLP_ISELECT: {
      // All open nodes are listed now, so the best of them bounds everything still to come.
      const int best = glp_ios_best_node(tree);
      if (best != 0) session->bound = glp_ios_node_bound(tree, best);
      if (++session->nodes > session->max_nodes) {
        session->stopped = true;
        --session->nodes;
        glp_ios_terminate(tree);
      }
      break;
    }
    case GLP_IHEUR:
      if (!session->offered && session->incumbent != nullptr) {
        session->offered = true;
        glp_ios_heur_sol(tree, session->incumbent);
      }
      break;
    default:
      break;
  }
}

int BoundType(double lower, double upper) {
  if (lower == -kMilpInfinity && upper == kMilpInfinity) return GLP_FR;
  if (upper == kMilpInfinity) return GLP_LO;
  if (lower == -kMilpInfinity) return GLP_UP;
  return lower == upper ? GLP_FX : GLP_DB;
}

double Finite(double value) {
  return value == kMilpInfinity || value == -kMilpInfinity ? 0 : value;
}

void Load(const Session& session, glp_prob* problem) {
  const MilpModel& model = *session.model;
  glp_set_obj_dir(problem, GLP_MIN);
  if (!model.rows.empty()) glp_add_rows(problem, static_cast<int>(model.rows.size()));
  int index = 0;
  for (const MilpModel::Row& row : model.rows) {
    glp_set_row_bnds(problem, ++index, BoundType(row.lower, row.upper), Finite(row.lower),
                     Finite(row.upper));
  }
  if (!model.columns.empty()) glp_add_cols(problem, static_cast<int>(model.columns.size()));
  index = 0;
  for (const MilpModel::Column& column : model.columns) {
    ++index;
    // Marking it as integer first: a binary kind would reset the bounds.
    if (column.kind == MilpModel::Kind::kBinary) glp_set_col_kind(problem, index, GLP_IV);
    glp_set_col_bnds(problem, index, BoundType(column.lower, column.upper), Finite(column.lower),
                     Finite(column.upper));
    glp_set_obj_coef(problem, index, column.objective);
  }
  glp_load_matrix(problem, static_cast<int>(session.coefficients.size()) - 1, session.rows.data(),
                  session.columns.data(), session.coefficients.data());
}

// Solves the relaxation, then the problem. The first bound is that of the relaxation.
void Search(Session& session, glp_prob* problem) {
  glp_smcp simplex;
  glp_init_smcp(&simplex);
  simplex.msg_lev = GLP_MSG_OFF;
  // Only a guard against cycling: a relaxation takes a few steps per row.
  simplex.it_lim = static_cast<int>(10'000 + 50 * session.model->rows.size());
  glp_scale_prob(problem, GLP_SF_AUTO);
  glp_adv_basis(problem, 0);
  if (glp_simplex(problem, &simplex) != 0) return;
  const int relaxation = glp_get_status(problem);
  if (relaxation == GLP_NOFEAS || relaxation == GLP_INFEAS) {
    if (glp_get_prim_stat(problem) == GLP_NOFEAS) session.status = MilpStatus::kInfeasible;
    return;
  }
  if (relaxation != GLP_OPT) return;
  session.bound = glp_get_obj_val(problem);

  glp_iocp search;
  glp_init_iocp(&search);
  search.msg_lev = GLP_MSG_OFF;
  search.br_tech = GLP_BR_PCH;
  search.bt_tech = GLP_BT_BLB;
  search.tol_int = 1e-8;
  search.tol_obj = 1e-9;
  search.presolve = GLP_OFF;
  search.cb_func = Observe;
  search.cb_info = &session;
  const int ended = glp_intopt(problem, &search);
  const int status = glp_mip_status(problem);
  const bool complete = ended == 0 && !session.stopped;
  if (status == GLP_OPT || status == GLP_FEAS) {
    session.objective = glp_mip_obj_val(problem);
    for (size_t c = 0; c < session.values.size(); ++c) {
      session.values[c] = glp_mip_col_val(problem, static_cast<int>(c) + 1);
    }
    if (complete) session.bound = session.objective;
    session.status = complete ? MilpStatus::kOptimal : MilpStatus::kFeasible;
  } else if (complete && status == GLP_NOFEAS) {
    session.status = MilpStatus::kInfeasible;
  }
}

// False if GLPK failed. Everything it allocated is freed in both cases.
bool Guarded(Session& session) {
  glp_term_hook(Swallow, nullptr);
  glp_term_out(GLP_OFF);
  if (setjmp(session.failed) != 0) {
    glp_error_hook(nullptr, nullptr);
    glp_free_env();
    return false;
  }
  glp_error_hook(Escape, &session);
  glp_prob* const problem = glp_create_prob();
  Load(session, problem);
  Search(session, problem);
  glp_delete_prob(problem);
  glp_error_hook(nullptr, nullptr);
  glp_free_env();
  return true;
}

}  // namespace

absl::StatusOr<MilpResult> SolveWithGlpk(const MilpModel& model,
                                         const std::vector<double>* incumbent, int64_t max_nodes) {
  ALLOT_RETURN_IF_ERROR(Check(model));
  size_t entries = 1;
  for (const MilpModel::Row& row : model.rows) entries += row.terms.size();
  constexpr size_t kMost = 100'000'000;  // what GLPK accepts, as a count of its ints
  if (entries > kMost || model.rows.size() > kMost || model.columns.size() > kMost) {
    return InputError("the model has too many coefficients for GLPK (", entries, ")");
  }
  Session session;
  session.model = &model;
  session.max_nodes = max_nodes;
  session.rows.reserve(entries);
  session.rows.push_back(0);
  session.columns.push_back(0);
  session.coefficients.push_back(0);
  for (size_t r = 0; r < model.rows.size(); ++r) {
    for (const MilpModel::Term& term : model.rows[r].terms) {
      session.rows.push_back(static_cast<int>(r) + 1);
      session.columns.push_back(term.column + 1);
      session.coefficients.push_back(term.coefficient);
    }
  }
  std::vector<double> shifted = {0};
  if (incumbent != nullptr) {
    if (incumbent->size() != model.columns.size() || Violation(model, *incumbent) > 1e-6) {
      return InputError("the point to start from is not feasible");
    }
    shifted.insert(shifted.end(), incumbent->begin(), incumbent->end());
    session.incumbent = shifted.data();
  }
  session.values.assign(model.columns.size(), 0);
  if (!Guarded(session)) return InputError("GLPK gave up on the model");

  MilpResult result;
  result.status = session.status;
  result.bound = session.bound;
  result.nodes = session.nodes;
  if (session.status == MilpStatus::kOptimal || session.status == MilpStatus::kFeasible) {
    result.values = std::move(session.values);
    result.objective = session.objective;
  }
  return result;
}

}  // namespace allot
