# Compiles through ccache where it is installed, so that another clone, wherever it lies, takes what one has compiled. ccache
# is told how by its environment, for any way to start the build.
find_program(ALLOT_CCACHE ccache)
if(NOT ALLOT_CCACHE)
  return()
endif()
# Paths in the clone become relative. Precompiled headers are taken as they are, whatever macros the compiler says it has
# (allot_precompile() keeps them alike), and __TIME__ is not in them.
set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}
    CCACHE_SLOPPINESS=pch_defines,time_macros ${ALLOT_CCACHE})
# Clang's precompiled headers hold the paths of what they were made of, and are refused where that is gone.
if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  set(CMAKE_DISABLE_PRECOMPILE_HEADERS ON)
endif()
