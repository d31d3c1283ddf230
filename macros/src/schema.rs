use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Error, Fields, Result, parse_quote};

/// `impl Schema`: the shape of the type as serde's data model sees it.
pub(crate) fn implement(input: &DeriveInput) -> Result<TokenStream> {
    let name = &input.ident;
    let text = name.to_string();
    let mut generics = input.generics.clone();
    for parameter in generics.type_params_mut() {
        parameter
            .bounds
            .push(parse_quote!(::treewire::schema::Schema));
    }
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let shape = match &input.data {
        Data::Struct(data) => of_struct(&data.fields),
        Data::Enum(data) => {
            let variants = data.variants.iter().map(|variant| {
                let text = variant.ident.to_string();
                let shape = of_variant(&variant.fields);
                quote!(&NamedVariant { name: #text, ty: &DataModelVariant::#shape })
            });
            quote!(Enum(&[#(#variants),*]))
        }
        Data::Union(_) => {
            return Err(Error::new_spanned(name, "a union has no shape on the wire"));
        }
    };
    Ok(quote! {
        const _: () = {
            use ::treewire::schema::schema::{
                DataModelType, DataModelVariant, NamedType, NamedValue, NamedVariant,
            };
            // Not every shape needs every one of them.
            const _: Option<(NamedValue, NamedVariant, DataModelVariant)> = None;
            impl #impl_generics ::treewire::schema::Schema for #name #type_generics #where_clause {
                const SCHEMA: &'static NamedType =
                    &NamedType { name: #text, ty: &DataModelType::#shape };
            }
        };
    })
}

fn of_struct(fields: &Fields) -> TokenStream {
    let listed = listed(fields);
    match fields {
        Fields::Named(_) => quote!(Struct(&[#(#listed),*])),
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => quote!(NewtypeStruct(#(#listed)*)),
        Fields::Unnamed(_) => quote!(TupleStruct(&[#(#listed),*])),
        Fields::Unit => quote!(UnitStruct),
    }
}

fn of_variant(fields: &Fields) -> TokenStream {
    let listed = listed(fields);
    match fields {
        Fields::Named(_) => quote!(StructVariant(&[#(#listed),*])),
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            quote!(NewtypeVariant(#(#listed)*))
        }
        Fields::Unnamed(_) => quote!(TupleVariant(&[#(#listed),*])),
        Fields::Unit => quote!(UnitVariant),
    }
}

fn listed(fields: &Fields) -> Vec<TokenStream> {
    let describe = |field: &syn::Field| {
        let ty = &field.ty;
        let schema = quote!(<#ty as ::treewire::schema::Schema>::SCHEMA);
        match &field.ident {
            Some(name) => {
                let text = name.to_string();
                quote!(&NamedValue { name: #text, ty: #schema })
            }
            None => schema,
        }
    };
    fields.iter().map(describe).collect()
}
