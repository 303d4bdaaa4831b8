// The placement engine by itself, as a program.
#include "tools/program.h"
#include "tools/program_registries.h"
#include "tools/solve_command.h"

int main(int argc, char** argv) {
  return allot::RunProgram(argc, argv, [](int count, char** arguments, int& exit_status) {
    return allot::RunSolveCommand(count, arguments, allot::ProgramKinds(), exit_status);
  });
}
