# allot_embed_samples(TARGET folder): compiles the texts of folder/*.json into TARGET, as declared in
# target/embedded_samples.h. Runs again when a sample changes or one is added.
function(allot_embed_samples target folder)
  file(GLOB samples CONFIGURE_DEPENDS ${folder}/*.json)
  list(SORT samples)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${samples})
  set(rows "")
  foreach(sample IN LISTS samples)
    get_filename_component(name ${sample} NAME_WE)
    file(READ ${sample} text)
    string(APPEND rows "    {\"${name}\", R\"sample(${text})sample\"},\n")
  endforeach()
  list(LENGTH samples count)
  set(source ${CMAKE_BINARY_DIR}/generated/embedded_samples.cc)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
"// Generated from the samples by cmake/embed_samples.cmake.
#include \"target/embedded_samples.h\"

namespace allot::internal {

const EmbeddedSample kEmbeddedSamples[] = {
@rows@};
const size_t kNumEmbeddedSamples = @count@;

}  // namespace allot::internal
")
  target_sources(${target} PRIVATE ${source})
endfunction()
