# What `cmake --install` puts where, in components that are the Debian packages of cmake/packages.cmake too:
#   programs   allot, allot-opt, allot-solve, what `allot make-model` and `allot run` start
#   runtime    liballot.so.0
#   dev        headers, static library, CMake and pkg-config files
#   milp, milp_dev   the same of liballot_milp
include(CMakePackageConfigHelpers)

# --- programs ---
install(TARGETS allot allot-opt allot-solve allot-make-model RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT programs)
# Whatever JavaScript and Python is there, as a whole; `allot run` finds its program beside allot.
set(ALLOT_RUN_DIR ${CMAKE_INSTALL_LIBDIR}/allot/run)
install(DIRECTORY runner/ DESTINATION ${ALLOT_RUN_DIR} COMPONENT programs USE_SOURCE_PERMISSIONS
        PATTERN node_modules EXCLUDE PATTERN __pycache__ EXCLUDE PATTERN package-lock.json EXCLUDE)
# The Python package, whose programs need no library of Allot's, and what finds or makes a Python to run them.
set(ALLOT_PYTHON_DIR ${CMAKE_INSTALL_LIBDIR}/allot/python)
install(DIRECTORY python/allot DESTINATION ${ALLOT_PYTHON_DIR} COMPONENT programs PATTERN __pycache__ EXCLUDE)
install(PROGRAMS python/launcher.sh python/install_runtime.sh .ci/python_packages.sh DESTINATION ${ALLOT_PYTHON_DIR}
        COMPONENT programs)
install(FILES python/runtime_requirements.txt DESTINATION ${ALLOT_PYTHON_DIR} COMPONENT programs)
file(RELATIVE_PATH to_python /prefix/${CMAKE_INSTALL_BINDIR} /prefix/${ALLOT_PYTHON_DIR})
foreach(program ${ALLOT_PYTHON_PROGRAMS})
  install(CODE "file(CREATE_LINK ${to_python}/launcher.sh
                     \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_BINDIR}/${program}\" SYMBOLIC)"
          COMPONENT programs)
endforeach()
# What the programs say that shells may complete.
install(CODE "
foreach(program allot allot-opt allot-solve)
  foreach(shell_file bash:bash-completion/completions/\${program} zsh:zsh/site-functions/_\${program}
          fish:fish/vendor_completions.d/\${program}.fish)
    string(REGEX MATCH \"^([a-z]+):(.*)\" unused \${shell_file})
    set(file \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_DATADIR}/\${CMAKE_MATCH_2}\")
    execute_process(COMMAND \"${CMAKE_BINARY_DIR}/\${program}\" --print-completion=\${CMAKE_MATCH_1}
                    OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
    file(WRITE \"\${file}\" \"\${text}\")
  endforeach()
endforeach()" COMPONENT programs)
include(manual_pages)
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} COMPONENT dev)
if(NOT TARGET allot_core)  # a build with sanitizers has programs only
  return()
endif()

# --- libraries ---
set(ALLOT_CONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Allot)
function(allot_install_libraries shared static runtime dev)
  install(TARGETS ${shared} EXPORT ${shared}
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${runtime} NAMELINK_COMPONENT ${dev})
  install(TARGETS ${static} EXPORT ${static} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${dev})
  foreach(target ${shared} ${static})
    get_target_property(name ${target} EXPORT_NAME)
    install(EXPORT ${target} NAMESPACE Allot:: DESTINATION ${ALLOT_CONFIG_DIR} FILE Allot-${name}.cmake
            COMPONENT ${dev})
  endforeach()
endfunction()
allot_install_libraries(allot_core allot_core_static runtime dev)
install(FILES cmake/FindRE2.cmake DESTINATION ${ALLOT_CONFIG_DIR} COMPONENT dev)  # for the static library
install(TARGETS allot_plugin EXPORT allot_plugin)
install(EXPORT allot_plugin NAMESPACE Allot:: DESTINATION ${ALLOT_CONFIG_DIR} FILE Allot-plugin.cmake COMPONENT dev)
if(ALLOT_WITH_GLPK)
  allot_install_libraries(allot_milp_shared allot_milp_static milp milp_dev)
  install(FILES cmake/FindGLPK.cmake DESTINATION ${ALLOT_CONFIG_DIR} COMPONENT milp_dev)
endif()

# --- headers: those that embedders and plug-ins include, and what these include ---
function(allot_install_headers component follow)
  list(JOIN ARGN " " roots)
  install(CODE "set(ALLOT_FOLLOW ${follow})
set(ALLOT_SOURCE \"${CMAKE_SOURCE_DIR}\")
set(ALLOT_INCLUDE \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${CMAKE_INSTALL_INCLUDEDIR}/allot\")
set(ALLOT_HEADERS ${roots})
include(\"${CMAKE_SOURCE_DIR}/cmake/install_headers.cmake\")" COMPONENT ${component})
endfunction()
allot_install_headers(dev ON
  api/allot.h api/compile.h api/prepared_model.h api/placement_setup.h api/registries.h api/plugin.h api/plugin_loader.h api/cost_model_plugin.h
  ir/module.h ir/node_name.h ir/operator_schemas.h ir/parse.h ir/plan.h ir/print.h ir/verify.h
  lowering/bundle.h lowering/emitter.h lowering/output_folder.h
  onnx_import/import.h
  passes/pipeline/pass.h passes/pipeline/pipeline.h passes/pipeline/registry.h
  placement/value/evaluate.h placement/problem/problem.h placement/formats/problem_json.h placement/formats/solution_json.h placement/solver.h
  placement/verify/verify.h
  support/json.h support/random.h support/version.h
  target/builtin_targets.h target/cost_model.h target/cost_models/measured.h target/host/host_target.h target/routing.h
  target/target.h target/target_json.h)
if(ALLOT_WITH_GLPK)
  allot_install_headers(milp_dev OFF api/milp/allot_milp.h placement/glpk/add_milp_solver.h)
endif()

# --- passes for MLIR ---
if(TARGET AllotMlir)
  install(TARGETS AllotMlir LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT mlir)
  install(TARGETS AllotMlirPasses EXPORT allot_mlir LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT mlir)
  install(EXPORT allot_mlir NAMESPACE Allot:: DESTINATION ${ALLOT_CONFIG_DIR} FILE Allot-mlir.cmake COMPONENT mlir)
  allot_install_headers(mlir OFF mlir_plugin/passes.h)
endif()

# --- how they are found ---
configure_package_config_file(cmake/package/AllotConfig.cmake.in ${CMAKE_BINARY_DIR}/package/AllotConfig.cmake
                              INSTALL_DESTINATION ${ALLOT_CONFIG_DIR} PATH_VARS CMAKE_INSTALL_INCLUDEDIR CMAKE_INSTALL_LIBDIR)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/package/AllotConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/package/AllotConfig.cmake ${CMAKE_BINARY_DIR}/package/AllotConfigVersion.cmake
        DESTINATION ${ALLOT_CONFIG_DIR} COMPONENT dev)

# pkg-config: paths from where the file itself is, so that the whole may be moved.
file(RELATIVE_PATH ALLOT_PREFIX_FROM_PC /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" ALLOT_PREFIX_FROM_PC ${ALLOT_PREFIX_FROM_PC})
include(link_names)
allot_link_names(ALLOT_PRIVATE_LINK ${ALLOT_PRIVATE_LIBRARIES} ${ALLOT_PUBLIC_LIBRARIES})
configure_file(cmake/package/allot.pc.in ${CMAKE_BINARY_DIR}/package/allot.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/package/allot.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
if(ALLOT_WITH_GLPK)
  configure_file(cmake/package/allot-milp.pc.in ${CMAKE_BINARY_DIR}/package/allot-milp.pc @ONLY)
  install(FILES ${CMAKE_BINARY_DIR}/package/allot-milp.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT milp_dev)
endif()

include(packages)
