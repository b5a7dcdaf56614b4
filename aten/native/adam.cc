// Adam in few kernels, on the state of torch::optim::Adam.
#include <cmath>
#include <tuple>

#include "accelerator.h"
#include "optimizer_state.h"

using namespace transfera;

namespace {

// Lists are the tensors of one group of parameters, those without a gradient left out.
struct Lists {
  std::vector<at::Tensor> parameters, gradients, averages, squares;
  std::vector<torch::optim::AdamParamState *> states;
  torch::optim::AdamOptions options{0};
};

// gather makes the states that are missing.
std::vector<Lists> gather(torch::optim::Optimizer &o) {
  TORCH_CHECK(dynamic_cast<torch::optim::Adam *>(&o), "no step of Adam for another optimizer");
  std::vector<Lists> groups;
  for (auto &group : o.param_groups()) {
    Lists lists;
    lists.options = static_cast<torch::optim::AdamOptions &>(group.options());
    TORCH_CHECK(!lists.options.amsgrad(), "no fast step of AMSGrad");
    for (auto &p : group.params()) {
      if (!p.grad().defined()) continue;
      auto &state = slot<torch::optim::AdamParamState>(o.state(), p);
      if (!state.exp_avg().defined()) {
        state.step(0);
        state.exp_avg(at::zeros_like(p, at::MemoryFormat::Preserve));
        state.exp_avg_sq(at::zeros_like(p, at::MemoryFormat::Preserve));
      }
      lists.parameters.push_back(p);
      lists.gradients.push_back(p.grad());
      lists.averages.push_back(state.exp_avg());
      lists.squares.push_back(state.exp_avg_sq());
      lists.states.push_back(&state);
    }
    if (!lists.parameters.empty()) groups.push_back(std::move(lists));
  }
  return groups;
}

// common_step is how many steps all parameters of a group have behind them.
int64_t common_step(const Lists &lists) {
  for (auto *state : lists.states)
    TORCH_CHECK(state->step() == lists.states[0]->step(), "parameters with different numbers of steps");
  return lists.states[0]->step();
}

void foreach_step(Lists &l) {
  const double beta1 = std::get<0>(l.options.betas()), beta2 = std::get<1>(l.options.betas());
  const double step = static_cast<double>(common_step(l) + 1);
  const double correction1 = 1 - std::pow(beta1, step), correction2 = 1 - std::pow(beta2, step);
  std::vector<at::Tensor> gradients = l.gradients;
  if (l.options.weight_decay() != 0) gradients = at::_foreach_add(gradients, l.parameters, l.options.weight_decay());
  at::_foreach_mul_(l.averages, beta1);
  at::_foreach_add_(l.averages, gradients, 1 - beta1);
  at::_foreach_mul_(l.squares, beta2);
  at::_foreach_addcmul_(l.squares, gradients, gradients, 1 - beta2);
  auto denominators = at::_foreach_sqrt(l.squares);
  at::_foreach_div_(denominators, std::sqrt(correction2));
  at::_foreach_add_(denominators, l.options.eps());
  at::_foreach_addcdiv_(l.parameters, l.averages, denominators, -l.options.lr() / correction1);
}

// fused_step: count is one float32 on the parameters' device, the number of this step.
void fused_step(Lists &l, const at::Tensor &count) {
  const std::vector<at::Tensor> counts(l.parameters.size(), count);
  at::_fused_adam_(l.parameters, l.gradients, l.averages, l.squares, {}, counts, l.options.lr(),
                   std::get<0>(l.options.betas()), std::get<1>(l.options.betas()), l.options.weight_decay(),
                   l.options.eps(), /*amsgrad=*/false, /*maximize=*/false);
}

void advance(Lists &l, int64_t steps) {
  for (auto *state : l.states) state->step(state->step() + steps);
}

}  // namespace

tfa_error tfa_adam_step(tfa_optimizer o, int8_t way) {
  return guarded([&] {
    at::NoGradGuard no_grad;
    for (auto &group : gather(optimizer(o))) {
      if (way == 2) {
        const auto options = group.parameters[0].options().dtype(at::kFloat);
        fused_step(group, at::full({}, static_cast<double>(common_step(group) + 1), options));
      } else {
        foreach_step(group);
      }
      advance(group, 1);
    }
  });
}

tfa_error tfa_adam_step_counting(tfa_optimizer o, tfa_tensor count) {
  return guarded([&] {
    at::NoGradGuard no_grad;
    tensor(count).add_(1);
    for (auto &group : gather(optimizer(o))) fused_step(group, tensor(count));
  });
}

tfa_error tfa_adam_advance(tfa_optimizer o, int64_t steps) {
  return guarded([&] {
    for (auto &group : gather(optimizer(o))) advance(group, steps);
  });
}
