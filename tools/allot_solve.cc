// The placement engine by itself, as a program.
#include "placement/kinds/kind.h"
#include "tools/program.h"
#include "tools/solve_command.h"

int main(int argc, char** argv) {
  return allot::RunProgram(argc, argv, [](int count, char** arguments, int& exit_status) {
    return allot::RunSolveCommand(count, arguments, allot::BuiltinKinds(), exit_status);
  });
}
